package given

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/workflows/api"
)

// TestHostsCheck: one machine is well, of the others one thing each is wrong, or several.
func TestHostsCheck(t *testing.T) {
	g := begin(t)
	three := g.machines(t, 3)
	well, broken, gate := three[0], three[1], three[2]
	admin := gate.sudo()
	broken.run("mkdir -p /usr/local/bin /srv/small /srv/frozen && printf '#!/bin/sh\\necho 1000000000\\n' > /usr/local/bin/date && chmod 755 /usr/local/bin/date")
	broken.mount("/srv/small", "size=4m")
	broken.mount("/srv/frozen", "ro")
	taken, err := net.Listen("tcp", net.JoinHostPort(broken.ip, "2379"))
	require.NoError(t, err)
	defer taken.Close()
	dir := t.TempDir()
	stranger := filepath.Join(dir, "stranger")
	_, otherKey, err := newKey(stranger)
	require.NoError(t, err)

	entry := func(name string, m machine, port, user, more string) string {
		return fmt.Sprintf("  - {name: %q, host: %s, port: %s, user: %s, key_file: %s, host_key: %q%s}\n", name, m.ip, port, user, m.keyFile, m.hostKey, more)
	}
	otherwise := func(text, old, now string) string { return strings.Replace(text, old, now, 1) }
	file := filepath.Join(dir, "new.yaml")
	got := map[string]map[string]string{}
	// An inventory has one host per address: the machines have several faults each, so there are several inventories.
	for _, hosts := range [][]string{
		{
			entry("well", well, people, admin, ", bastion: gate, ports: [2379]"),
			entry("broken", broken, "22", "root", ", ports: [2379, 2380], mount_points: [/srv/small, /srv/frozen, /srv/new]"),
			otherwise(entry("other-key", gate, "22", "root", ""), gate.hostKey, otherKey),
		},
		{
			entry("asks", broken, people, "asked", ""),
			entry("down", well, "1", "root", ""),
			otherwise(entry("stranger", gate, people, "admin", ""), gate.keyFile, stranger),
		},
		{entry("behind-other-gate", well, "22", "root", ", bastion: other-gate")},
		{entry("behind-no-gate", well, "2", "root", ", bastion: no-gate")},
		{entry("down-behind-gate", well, "3", "root", ", bastion: gate")},
	} {
		require.NoError(t, os.WriteFile(file, []byte("bastions:\n"+
			entry("gate", gate, people, admin, "")+
			otherwise(entry("other-gate", gate, people, admin, ""), gate.hostKey, otherKey)+
			entry("no-gate", gate, "1", admin, "")+
			"hosts:\n"+strings.Join(hosts, ""),
		), 0o600))
		a := g.Drover(t, "hosts", "check", "--inventory", file, "-o", "json")
		require.Equal(t, 1, a.Code, a.Stdout+a.Stderr)
		list := apps.Items[api.HostView](t, a)
		require.Len(t, list, len(hosts))
		for _, h := range list {
			got[h.Name] = map[string]string{}
			for _, c := range h.Checks {
				if !c.OK {
					require.NotEmpty(t, c.Hint, "%+v", c)
					got[h.Name][c.Name] = c.Detail
				}
			}
			require.NotEmpty(t, h.Checks, h.Name)
		}
	}
	// The machine that runs the tests may have little room, and a server at port 80: what is well says the rest.
	delete(got["well"], "disk")
	delete(got["well"], "ports")
	want := map[string]map[string]string{
		"well": {},
		"broken": {
			"clock": "s behind the worker",
			"disk":  "4 MiB free in /srv/small, which needs 1024; /srv/frozen is on a file system that is mounted read-only",
			"ports": "2379 (in use at " + broken.ip + ":2379)",
		},
		"asks":              {"sudo": "a password is required"},
		"down":              {"reachable": "connection refused"},
		"other-key":         {"host key": "offered host key"},
		"stranger":          {"login": "refuses Drover's key for user admin"},
		"behind-other-gate": {"bastion host key": "offered host key"},
		"behind-no-gate":    {"bastion": "connection refused"},
		"down-behind-gate":  {"reachable": "jump host " + net.JoinHostPort(gate.ip, people) + " cannot connect to node " + well.ip + ":3"},
	}
	if admin == "root" { // no sudo here, and the test says so
		delete(got, "asks")
		delete(want, "asks")
	}
	for name, tests := range want {
		require.Len(t, got[name], len(tests), "%s: %v", name, got[name])
		for test, detail := range tests {
			require.Contains(t, got[name][test], detail, "%s: %s: %v", name, test, got[name])
		}
	}
	require.Len(t, got, len(want))

	// All that is wrong with an inventory is said at once, with the file, the lines and the hosts; no host is called.
	bad := otherwise(entry("a", well, "22", "root", ", bastion: none"), "port: 22", "port: 70000") + entry("b", well, "22", "root", ", keyfile: x")
	require.NoError(t, os.WriteFile(file, []byte("hosts:\n"+bad), 0o600))
	g.Drover(t, "hosts", "check", "--inventory", file).Refused(t, file, "line 3: field keyfile not found",
		"line 2: host a: port 70000", `line 2: host a: bastion "none" is not in the inventory`)
}
