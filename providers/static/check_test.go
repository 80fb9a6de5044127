package static

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/remote/target"
)

// healthy is what a host without any problem says.
func healthy() map[string]string {
	return map[string]string{
		"uid": "0", "clock": fmt.Sprint(time.Now().Unix()), "disk": "20000 rw /var/lib", "permitrootlogin": "prohibit-password",
		"allowstreamlocalforwarding": "yes",
	}
}

func said(f map[string]string) Result {
	var b strings.Builder
	for name, value := range f {
		for line := range strings.Lines(value) {
			fmt.Fprintf(&b, "%s %s\n", name, strings.TrimSuffix(line, "\n"))
		}
	}
	return Result{Stdout: b.String()}
}

// TestCheckSaysWhatIsWrong: of each machine one thing is wrong, and that is the only test that fails.
func TestCheckSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	refused := fault.Wrap(errors.New("dial tcp: connection refused"), fault.Unreachable, "cannot connect to node 10.0.0.1:22")
	changed := fault.New(fault.HostKeyChanged, "node 10.0.0.1:22 offered host key b, expected a").WithHint("find out why")
	unknown := fault.New(fault.Unauthorized, "node 10.0.0.1:22 refuses Drover's key for user admin").WithHint("put the key there")
	for name, tt := range map[string]struct {
		host         Host
		bastion      error
		reach        error
		run          func(f map[string]string) Result
		test, detail string // that fails; none: all is well
		hint         string
	}{
		"nothing": {},
		"bastion is down": {
			bastion: refused, test: "bastion", detail: "cannot connect to node 10.0.0.1:22: dial tcp: connection refused", hint: "see whether the bastion is up and its sshd listens",
		},
		"another bastion":     {bastion: changed, test: "bastion host key", detail: "offered host key b", hint: "find out why"},
		"bastion without key": {bastion: unknown, test: "bastion login", detail: "refuses Drover's key for user admin", hint: "put the key there"},
		"down":                {reach: refused, test: "reachable", detail: "connection refused", hint: "see whether the host is up and its sshd listens"},
		"another machine":     {reach: changed, test: "host key", detail: "offered host key b, expected a", hint: "find out why"},
		"key not there":       {reach: unknown, test: "login", detail: "refuses Drover's key for user admin", hint: "put the key there"},
		"sudo asks": {
			host: Host{Login: Login{User: "admin"}},
			run: func(map[string]string) Result {
				return Result{ExitCode: 1, Stderr: "sudo: a password is required\n"}
			},
			test: "sudo", detail: "sudo: a password is required", hint: "admin ALL=(ALL) NOPASSWD: ALL",
		},
		"no sudo": {
			host: Host{Login: Login{User: "admin"}},
			run: func(map[string]string) Result {
				return Result{ExitCode: 127, Stderr: "sh: 1: sudo: not found\n"}
			},
			test: "sudo", detail: "sudo: not found", hint: "install sudo",
		},
		"no shell": {
			run:  func(map[string]string) Result { return Result{ExitCode: 1, Stdout: "This account is not available.\n"} },
			test: "root", detail: "exit code 1 and no word of it", hint: "let user root run a shell",
		},
		"clock ahead":  {run: with("clock", fmt.Sprint(time.Now().Add(time.Hour).Unix())), test: "clock", detail: "s ahead of the worker", hint: "NTP"},
		"clock behind": {run: with("clock", "1000000000"), test: "clock", detail: "s behind the worker", hint: "NTP"},
		"no clock":     {run: with("clock", ""), test: "clock", detail: `date says ""`, hint: "NTP"},
		"disk full": {
			run:  with("disk", "20000 rw /var/lib\n30 rw /opt\n3 rw /srv/my data"),
			test: "disk", detail: "30 MiB free in /opt, which needs 64; 3 MiB free in /srv/my data, which needs 1024", hint: "make room there",
		},
		"read-only": {run: with("disk", "20000 ro /var/lib"), test: "disk", detail: "/var/lib is on a file system that is mounted read-only", hint: "can be written"},
		"no df":     {run: with("disk", ""), test: "disk", detail: "", hint: "df -Pk must work"},
		"port taken": {
			host: Host{Ports: []int{2379, 2380}}, run: with("listens", "0100007F:1F90\n0100007F:094C\n00000000000000000000000000000000:094B"),
			test: "ports", detail: "taken: 2379 (in use at [::]:2379), 2380 (in use at 127.0.0.1:2380)", hint: "ss -ltnp",
		},
		"metadata's port":  {run: with("listens", "00000000:0050"), test: "ports", detail: "taken: 80 (in use at 0.0.0.0:80)", hint: "metadata that the package's scripts read"},
		"others' loopback": {host: Host{IP: "127.0.0.7"}, run: with("listens", "0100007F:0050")},
		"own loopback":     {host: Host{IP: "127.0.0.7"}, run: with("listens", "0700007F:0050"), test: "ports", detail: "127.0.0.7:80", hint: "ss -ltnp"},
		"tools":            {run: with("lacks", "flock\ngetent"), test: "tools", detail: "flock, getent", hint: "install them"},
		"no root login":    {run: with("permitrootlogin", "no"), test: "root login", detail: "PermitRootLogin no", hint: "prohibit-password"},
		"no agent socket":  {run: with("allowstreamlocalforwarding", "remote"), test: "agent socket", detail: "AllowStreamLocalForwarding remote", hint: "sshd_config"},
		"another's":        {run: with("taken", "i-other"), test: "free of others", detail: "Drover's files are on it, of instance i-other", hint: "release it there"},
		"unknown owner":    {run: with("taken", ""), test: "free of others", detail: "Drover's files are on it", hint: "release it there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := over(t, hostsFile(t, 1), &memory{}, answers{
				reach: func(at target.Target) error {
					if at.Addr == "gate:22" {
						return tt.bastion
					}
					return tt.reach
				},
				run: func(target.Target, string) (Result, error) {
					if tt.run == nil {
						return said(healthy()), nil
					}
					return tt.run(healthy()), nil
				},
			})
			at := target.Target{Addr: "10.0.0.1:22", User: tt.host.User, Jump: &target.Target{Addr: "gate:22", User: "root"}}
			if at.User == "" {
				at.User = "root"
			}
			failed := 0
			for _, c := range p.check(t.Context(), at, tt.host, true) {
				if c.OK {
					require.Empty(t, c.Hint)
					continue
				}
				failed++
				require.Equal(t, tt.test, c.Name, "%+v", c)
				require.Contains(t, c.Detail, tt.detail)
				require.Contains(t, c.Hint, tt.hint)
				require.NotContains(t, c.Detail, c.Hint, "the hint has its own column")
			}
			if tt.test == "" {
				require.Zero(t, failed)
			} else {
				require.Equal(t, 1, failed)
			}
		})
	}
}

func with(name, value string) func(map[string]string) Result {
	return func(f map[string]string) Result {
		f[name] = value
		if value == "" {
			f[name] = "\n"
		}
		return said(f)
	}
}

// TestCheckOfAHostInUse does not complain about what the cluster on it does there.
func TestCheckOfAHostInUse(t *testing.T) {
	t.Parallel()
	p := over(t, hostsFile(t, 2), &memory{}, answers{run: func(target.Target, string) (Result, error) {
		f := healthy()
		f["taken"], f["listens"] = "i-a", "00000000:0050"
		return said(f), nil
	}})
	_, err := p.CreateInstance(t.Context(), specOf(t, "i-a", "cl-a"))
	require.NoError(t, err)
	hosts, err := p.CheckHosts(t.Context(), "", "")
	require.NoError(t, err)
	failed := map[string][]string{}
	for _, h := range hosts {
		for _, c := range h.Checks {
			if !c.OK {
				failed[h.Name] = append(failed[h.Name], c.Name)
			}
		}
	}
	require.Equal(t, map[string][]string{"h2": {"ports", "free of others"}}, failed)
	_, err = p.CheckHosts(t.Context(), "new.yaml", "")
	require.ErrorContains(t, err, "inventory new.yaml: it has no hosts")
}
