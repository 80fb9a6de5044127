package static

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"drover/fault"
	"drover/remote/target"
)

// keyOf is a public key that depends on one byte.
func keyOf(t *testing.T, seed byte) ssh.PublicKey {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return signer.PublicKey()
}

func lineOf(k ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))) }

func TestInventoryDefaults(t *testing.T) {
	t.Parallel()
	key := lineOf(keyOf(t, 'a'))
	known := filepath.Join(t.TempDir(), "known_hosts")
	require.NoError(t, os.WriteFile(known, []byte(
		knownhosts.Line([]string{"db2.example.com"}, keyOf(t, 'b'))+"\n"+knownhosts.Line([]string{"[db3.example.com]:2222"}, keyOf(t, 'c'))+"\n"), 0o600))
	inv, err := ReadInventory("hosts.yaml", []byte(`
known_hosts: `+known+`
bastions:
  - {name: gate, host: gate.example.com, user: hop, host_key: "`+key+`"}
hosts:
  - {host: 10.0.0.1, host_key: "`+key+`"}
  - {name: db2, host: db2.example.com, bastion: gate, roles: [""], ports: [2379]}
  - {host: db3.example.com, port: 2222}
`))
	require.NoError(t, err)
	require.Equal(t, "keep", inv.OnRelease)
	require.Equal(t, Login{Name: "10.0.0.1", Host: "10.0.0.1", Port: 22, User: "root", HostKey: key}, inv.Hosts[0].Login)
	require.Equal(t, lineOf(keyOf(t, 'b')), inv.Hosts[1].HostKey)
	require.Equal(t, lineOf(keyOf(t, 'c')), inv.Hosts[2].HostKey, "a port of its own")
	at := inv.access(inv.Hosts[1])
	require.Equal(t, &target.Target{Addr: "gate.example.com:22", User: "hop", HostKey: key}, at.Jump)
}

// TestInventoryProblems: all of them at once, each with its line and the name of its host.
func TestInventoryProblems(t *testing.T) {
	t.Parallel()
	key := lineOf(keyOf(t, 'a'))
	open := filepath.Join(t.TempDir(), "open")
	require.NoError(t, os.WriteFile(open, nil, 0o600))
	require.NoError(t, os.Chmod(open, 0o644))
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"empty":    {"", []string{"it has no hosts"}},
		"no list":  {"hosts: {}\n", []string{"line 1: cannot unmarshal !!map into []static.Host"}},
		"no YAML":  {"hosts:\n\t- a\n", []string{"line 2: found character that cannot start any token"}},
		"a choice": {"on_release: destroy\nhosts:\n  - {host: a, host_key: KEY}\n", []string{`on_release is "destroy": it is keep or wipe`}},
		"decoder's and ours": {
			"hosts:\n  - host: a\n    port: many\n  - {host: b, host_key: KEY, keyfile: x}\n  - name: c\n    host: c\n  - {host: d, port: 70000, host_key: KEY}\n",
			[]string{
				"line 3: cannot unmarshal !!str `many` into int",
				"line 4: field keyfile not found in type static.Host",
				"line 5: host c: no host_key, and none in known_hosts: Drover trusts no key on first use (ssh-keyscan -p 22 c shows it)",
				"line 7: host d: port 70000 is not between 1 and 65535",
			},
		},
		"every field": {
			`bastions:
  - {host: gate, host_key: KEY}
  - {host: gate, host_key: rsa}
hosts:
  - {name: a, host_key: KEY}
  - {name: b, host: b, host_key: KEY, bastion: nowhere, ip: b, cpu: -1}
  - name: c
    host: c
    host_key: KEY
    mount_points: [/data, data, /, /etc/ssh, /var/lib/drover, /data/../etc, /srv/x]
    ports: [0, 80, 65536]
  - {host: d, host_key: KEY, key_file: id_ed25519}
  - {host: e, host_key: KEY, key_file: /does/not/exist}
  - {host: f, host_key: KEY, key_file: ` + open + `}
  - {name: c, host: d, host_key: KEY}
`,
			[]string{
				"line 3: bastion gate: host_key is not a public key such as ssh-ed25519 AAAA...: ssh: no key found",
				"line 3: bastion gate: its name gate is that of bastion gate too",
				"line 5: host a: host is missing",
				`line 6: host b: bastion "nowhere" is not in the inventory`,
				`line 6: host b: ip "b" is not an address`,
				"line 6: host b: cpu and memory cannot be negative",
				`line 7: host c: mount point "data" is not a plain absolute path`,
				`line 7: host c: mount point "/" belongs to the system`,
				`line 7: host c: mount point "/etc/ssh" belongs to the system`,
				`line 7: host c: mount point "/var/lib/drover" belongs to the system`,
				`line 7: host c: mount point "/data/../etc" is not a plain absolute path`,
				"line 7: host c: port 0 of ports is not between 1 and 65535",
				"line 7: host c: port 65536 of ports is not between 1 and 65535",
				"line 12: host d: key_file id_ed25519 is not an absolute path on the worker",
				"line 13: host e: key_file: stat /does/not/exist: no such file or directory",
				"line 14: host f: key_file " + open + ": mode is 0644 and others can read the key: chmod 600 it",
				"line 15: host c: its name c is that of host c too",
				"line 15: host c: its address d:22 is that of host d too",
			},
		},
		"one machine twice": {
			`hosts:
  - {name: a, host: 10.0.0.1, host_key: KEY}
  - {name: b, host: 10.0.0.1, port: 2222, host_key: KEY}
  - {name: c, host: 10.0.0.3, ip: "::ffff:10.0.0.1", host_key: KEY}
  - {name: d, host: db.example.com, host_key: KEY}
  - {name: e, host: DB.example.com., port: 23, host_key: KEY}
  - {name: gate1, host: gate, port: 1001, ip: 10.1.0.1, host_key: KEY}
  - {name: gate2, host: gate, port: 1002, ip: 10.1.0.2, host_key: KEY}
`,
			[]string{
				"line 3: host b: its ip 10.0.0.1 is that of host a too",
				"line 4: host c: its ip 10.0.0.1 is that of host b too",
				"line 6: host e: its ip db.example.com is that of host d too",
			},
		},
		"names": {
			`bastions:
  - {name: my gate, host: "gate:22", host_key: KEY}
hosts:
  - {host: "10.0.0.13:22", host_key: KEY}
  - {name: db 1, host: db1, host_key: KEY}
  - {name: db2, host: db 2, host_key: KEY}
  - {host: "fd00::1", host_key: KEY}
`,
			[]string{
				`line 2: bastion my gate: host "gate:22" is neither an address nor a name: a port is set with port`,
				`line 2: bastion my gate: name "my gate" can have letters, digits, dots, hyphens and underscores only`,
				`line 4: host 10.0.0.13:22: host "10.0.0.13:22" is neither an address nor a name: a port is set with port`,
				`line 5: host db 1: name "db 1" can have letters, digits, dots, hyphens and underscores only`,
				`line 6: host db2: host "db 2" is neither an address nor a name: a port is set with port`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadInventory("/etc/hosts.yaml", []byte(strings.ReplaceAll(tt.text, "KEY", `"`+key+`"`)))
			require.Truef(t, fault.Is(err, fault.Invalid), "%v", err)
			require.Equal(t, tt.want, fault.As(err).Problems)
			require.Equal(t, "inventory /etc/hosts.yaml: "+strings.Join(tt.want, "; "), fault.As(err).Message)
			require.ErrorContains(t, err, "docs/hosts.example.yaml")
		})
	}
}

// The example shows every field and has no problem but the key files, which are not here.
func TestInventoryExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/hosts.example.yaml")
	require.NoError(t, err)
	_, err = ReadInventory("hosts.example.yaml", text)
	require.Error(t, err)
	for _, p := range fault.As(err).Problems {
		require.Contains(t, p, "key_file: stat /etc/drover/")
	}
	for _, field := range strings.Fields("on_release known_hosts bastions hosts name host port user key_file host_key ip bastion roles labels mount_points ports cpu memory") {
		require.Contains(t, string(text), field+":")
	}
}
