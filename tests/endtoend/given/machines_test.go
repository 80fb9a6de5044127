package given

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/activities"
	"drover/providers"
	"drover/providers/local"
	"drover/remote"
)

// machineImage makes what a sandbox needs to be a user's machine: people, some of whom may use sudo.
func machineImage(dir string) error {
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"etc/passwd": {`root:x:0:0:root:/root:/bin/sh
sshd:x:105:65534:sshd:/run/sshd:/usr/sbin/nologin
admin:x:1000:1000:has sudo:/home/admin:/bin/sh
asked:x:1001:1001:has sudo with a password:/home/asked:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`, 0o644},
		"etc/group":   {"root:x:0:\nadmin:x:1000:\nasked:x:1001:\nnogroup:x:65534:\n", 0o644},
		"etc/shadow":  {"root:*:19000::::::\nsshd:!:19000::::::\nadmin:*:19000::::::\nasked:*:19000::::::\n", 0o600},
		"etc/sudoers": {"root ALL=(ALL) ALL\nadmin ALL=(ALL) NOPASSWD: ALL\nasked ALL=(ALL) ALL\n", 0o440},
		// The machine's own SSH server, for people other than root too. Their keys are where they can be read when the
		// server has become them.
		"etc/ssh/people_config": {`HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/people_keys /root/.ssh/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
StrictModes no
PidFile none
MaxStartups 100
Subsystem sftp internal-sftp
`, 0o644},
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(file.text), file.mode); err != nil {
			return err
		}
		if err := os.Chmod(path, file.mode); err != nil {
			return err
		}
	}
	return nil
}

// newKey writes a private key to a file and gives it with its public line.
func newKey(file string) (ssh.Signer, string, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, "", err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, "", err
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return signer, line, os.WriteFile(file, pem.EncodeToMemory(block), 0o600)
}

// machine is one that is to be given to Drover, and who made it.
type machine struct {
	t       *testing.T
	name    string
	id      string // of its maker
	address string // of root's SSH server, for its maker
	ip      string
	hostKey string
	keyFile string // the operator's key
	ssh     *remote.Pool
	makers  *local.Provider
	state   string // folder of the makers
}

// people is the port of the SSH server for everybody.
const people = "2222"

// machines makes some, called h1, h2, ...; they go when the test ends.
func (g *given) machines(t *testing.T, n int) []machine {
	t.Helper()
	file := filepath.Join(t.TempDir(), "operator")
	signer, line, err := newKey(file)
	require.NoError(t, err)
	pool := remote.New(remote.Options{Signer: signer})
	t.Cleanup(func() { pool.Close() })
	all := make([]machine, n)
	errs := make([]error, n)
	var making sync.WaitGroup
	for i := range all {
		m := machine{
			t: t, name: fmt.Sprintf("h%d", i+1), id: "i-" + activities.RandomID(), keyFile: file, ssh: pool,
			makers: g.makers, state: g.state,
		}
		t.Cleanup(func() { require.NoError(t, g.makers.DeleteInstance(context.WithoutCancel(t.Context()), m.id)) })
		making.Go(func() {
			var made providers.Instance
			made, errs[i] = g.makers.CreateInstance(t.Context(), providers.InstanceSpec{
				ID: m.id, Tags: providers.Tags{ClusterID: "cl-machines"}, Image: "machine", ContainerType: "local",
				Size: providers.Size{CPU: 1, Memory: 256}, AuthorizedKey: line,
			})
			m.address, m.ip, m.hostKey = made.SSH.Addr, made.IP, strings.TrimSpace(made.SSH.HostKey)
			all[i] = m
		})
	}
	making.Wait()
	for i, m := range all {
		require.NoError(t, errs[i])
		m.run("cp /root/.ssh/authorized_keys /etc/ssh/people_keys && chmod 644 /etc/ssh/people_keys && " +
			"printf '#!/bin/sh\\nexec " + sshd + " -D -f /etc/ssh/people_config -o ListenAddress=" + net.JoinHostPort(m.ip, people) +
			"\\n' > /etc/drover/services/people && chmod 755 /etc/drover/services/people && kill -HUP 1")
		m.await()
	}
	return all
}

// await waits for the server for everybody, which process 1 of the machine starts.
func (m machine) await() {
	m.t.Helper()
	require.Eventually(m.t, func() bool {
		conn, err := net.Dial("tcp", net.JoinHostPort(m.ip, people))
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond, "no SSH server at %s", m.ip)
}

// reboot ends everything that runs on the machine and starts what it starts by itself.
func (m machine) reboot() {
	m.t.Helper()
	require.NoError(m.t, m.makers.StopInstance(m.t.Context(), m.id))
	_, err := m.makers.StartInstance(m.t.Context(), m.id)
	require.NoError(m.t, err)
	m.await()
}

// mount lets the machine have a small file system of its own, until it goes or is rebooted.
func (m machine) mount(dir, options string) {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.state, "nodes", m.id, "pid.json"))
	require.NoError(m.t, err)
	var process struct {
		Pid int `json:"pid"`
	}
	require.NoError(m.t, json.Unmarshal(text, &process))
	out, err := exec.Command("nsenter", "--target", strconv.Itoa(process.Pid), "--mount", "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput()
	require.NoError(m.t, err, string(out))
}

// try runs a line of shell as some user of the server for everybody.
func (m machine) try(user, line string) (remote.Result, error) {
	t := remote.Target{Addr: net.JoinHostPort(m.ip, people), User: user, HostKey: m.hostKey}
	return m.ssh.Run(m.t.Context(), t, line, strings.NewReader(""))
}

// sudo gives a user who is not root and may do everything without a password; root, and says why, where sudo does not
// work in machines.
func (m machine) sudo() string {
	m.t.Helper()
	r, err := m.try("admin", "sudo -n id -u")
	require.NoError(m.t, err)
	if strings.TrimSpace(string(r.Stdout)) != "0" {
		m.t.Logf("root instead of a user with sudo, which does not work here: %s", r.Stderr)
		return "root"
	}
	return "admin"
}

// run runs a line of shell as root, which has to succeed.
func (m machine) run(line string) string {
	m.t.Helper()
	r, err := m.ssh.Run(m.t.Context(), remote.Target{Addr: m.address, User: "root", HostKey: m.hostKey}, line, strings.NewReader(""))
	require.NoError(m.t, err)
	require.Zero(m.t, r.ExitCode, "%s: %s%s", line, r.Stdout, r.Stderr)
	return string(r.Stdout)
}

// trace is what ran on the machine's volume.
func (m machine) trace() string {
	m.t.Helper()
	return strings.Join(strings.Fields(m.run("cat "+volume+"/trace")), " ")
}

// logs are files that the machine's own servers write.
const logs = `-path /var/log/drover/sshd.log -o -path /var/log/drover/people.log`

// tree is everything the machine has but its programs and its servers' logs: names, owners, modes and contents.
func (m machine) tree() []string {
	m.t.Helper()
	return strings.Split(m.run(`
find / /run -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run/sudo -o `+logs+` \) -prune -o -printf '%y %m %U:%G %p %l\n' | sort
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o `+logs+` \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum`), "\n")
}

// login is an inventory's entry for a machine, as a user of its own SSH server; more are further fields.
func (m machine) login(user string, more ...string) string {
	fields := append([]string{
		"name: " + m.name, "host: " + m.ip, "port: " + people, "user: " + user, "key_file: " + m.keyFile,
		fmt.Sprintf("host_key: %q", m.hostKey),
	}, more...)
	return "  - {" + strings.Join(fields, ", ") + "}\n"
}
