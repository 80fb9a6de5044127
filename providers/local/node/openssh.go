package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drover/providers/local/internal/supervise"
)

const sshdConfig = `# Written by drover-node at every boot.
ListenAddress %s
Port %s
HostKey %s
AuthorizedKeysFile %s
PidFile none
PermitRootLogin prohibit-password
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
AllowUsers root
# Unix sockets are reached only where local TCP forwarding is allowed too.
AllowStreamLocalForwarding yes
AllowTcpForwarding local
X11Forwarding no
PrintMotd no
StrictModes no
MaxSessions 100
MaxStartups 100
Subsystem sftp internal-sftp
`

// openSSHTime is how long a started sshd may take to answer.
const openSSHTime = 20 * time.Second

// keepOpenSSH runs a real OpenSSH server and returns when it answers.
func keepOpenSSH(services *supervise.Services, sshd, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("ssh address: %w", err)
	}
	const file = "/run/drover/sshd_config"
	for _, dir := range []string{filepath.Dir(file), "/run/sshd"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	text := fmt.Sprintf(sshdConfig, host, port, hostKeyFile, strings.Join(authorizedKeys, " "))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	// -r: a connection is served by a fork, not by a newly loaded program, which would take most of the processor time
	// of a handshake. (Newer versions, with a program of its own for connections, accept and ignore it.)
	services.Keep("sshd", sshd, sshd, "-D", "-e", "-r", "-f", file)
	give := time.Now().Add(openSSHTime)
	for {
		err := answers(address)
		if err == nil {
			return nil
		}
		if time.Now().After(give) {
			return fmt.Errorf("%s does not answer on %s after %s: %w (its output is in /var/log/drover/sshd.log)", sshd, address, openSSHTime, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// answers reads the first bytes of the server's banner.
func answers(address string) error {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	banner := make([]byte, len("SSH-2.0"))
	if _, err := conn.Read(banner); err != nil {
		return err
	}
	if string(banner) != "SSH-2.0" {
		return fmt.Errorf("%s is not an SSH server: it says %q", address, banner)
	}
	return nil
}
