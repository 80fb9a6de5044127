package static

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"drover/fault"
)

// Inventory is a file with the machines; docs/hosts.example.yaml shows every field.
type Inventory struct {
	// OnRelease is what becomes of data at mount points: keep (default) or wipe.
	OnRelease string `yaml:"on_release"`
	// KnownHosts is an OpenSSH known_hosts file for hosts without host_key.
	KnownHosts string  `yaml:"known_hosts"`
	Bastions   []Login `yaml:"bastions"`
	Hosts      []Host  `yaml:"hosts"`
}

// Login says how to reach a machine.
type Login struct {
	Name string `yaml:"name"` // default: host
	Host string `yaml:"host"`
	Port int    `yaml:"port"` // default 22
	User string `yaml:"user"` // default root; others need sudo without password
	// KeyFile is a private key on the worker; default: the worker's own key.
	KeyFile string `yaml:"key_file"`
	// HostKey is the machine's public key, one line; default: from known_hosts.
	HostKey string `yaml:"host_key"`
}

// Host is a machine that instances may get.
type Host struct {
	Login `yaml:",inline"`
	// IP is the address other nodes use; default: that of host.
	IP      string `yaml:"ip"`
	Bastion string `yaml:"bastion"` // name of one of the bastions
	// Roles it may take; none: any. "" is the role of packages without roles.
	Roles  []string          `yaml:"roles"`
	Labels map[string]string `yaml:"labels"` // zone is compared with the zone a cluster asks for
	// MountPoints where it has room for data; none: any.
	MountPoints []string `yaml:"mount_points"`
	CPU         int      `yaml:"cpu"`    // cores; 0: not declared
	Memory      int      `yaml:"memory"` // MiB; 0: not declared
}

// Addr is host:port.
func (l Login) Addr() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }

// ReadInventory reads the text of the inventory called name, and finds every problem at once.
func ReadInventory(name string, text []byte) (*Inventory, error) {
	var inv Inventory
	var problems []string
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	err := decoder.Decode(&inv)
	var wrong *yaml.TypeError
	switch {
	case errors.As(err, &wrong):
		problems = append(problems, wrong.Errors...)
	case err != nil && !errors.Is(err, io.EOF):
		problems = append(problems, strings.TrimPrefix(err.Error(), "yaml: "))
	default:
		problems = inv.complete()
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "inventory %s: %s", name, strings.Join(problems, "; "))
		f.Problems = problems
		return nil, f.WithHint("see docs/providers.md and docs/hosts.example.yaml")
	}
	return &inv, nil
}

// complete fills in defaults and gives the problems.
func (inv *Inventory) complete() []string {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	switch inv.OnRelease {
	case "":
		inv.OnRelease = "keep"
	case "keep", "wipe":
	default:
		problem("on_release is %q: it is keep or wipe", inv.OnRelease)
	}
	known := func(string) string { return "" }
	if inv.KnownHosts != "" {
		check, err := knownhosts.New(inv.KnownHosts)
		if err != nil {
			problem("known_hosts: %v", err)
		} else {
			known = func(addr string) string { return pinned(check, addr) }
		}
	}
	if len(inv.Hosts) == 0 {
		problem("it has no hosts")
	}
	used := map[string]string{}
	for i := range inv.Bastions {
		complete(&inv.Bastions[i], fmt.Sprintf("bastion %d", i+1), known, problem)
	}
	for i := range inv.Hosts {
		h := &inv.Hosts[i]
		complete(&h.Login, fmt.Sprintf("host %d", i+1), known, problem)
		for _, mine := range []string{"name " + h.Name, "address " + h.Addr()} {
			if other := used[mine]; other != "" {
				problem("host %s: %s is that of host %s too", h.Name, mine, other)
			}
			used[mine] = h.Name
		}
		if h.Bastion != "" && inv.bastion(h.Bastion) == nil {
			problem("host %s: bastion %q is not in the inventory", h.Name, h.Bastion)
		}
		for _, m := range h.MountPoints {
			if !path.IsAbs(m) || path.Clean(m) != m || slices.Contains(systemPaths, m) {
				problem("host %s: mount point %q is not a plain absolute path outside the system's folders", h.Name, m)
			}
		}
	}
	return problems
}

func complete(l *Login, what string, known func(string) string, problem func(string, ...any)) {
	if l.Host == "" {
		problem("%s: host is missing", what)
		return
	}
	if l.Name == "" {
		l.Name = l.Host
	}
	if l.Port == 0 {
		l.Port = 22
	}
	if l.User == "" {
		l.User = "root"
	}
	if l.HostKey == "" {
		l.HostKey = known(l.Addr())
	}
	if l.HostKey == "" {
		problem("%s %s: no host_key, and none in known_hosts: Drover trusts no key on first use (ssh-keyscan %s shows it)", what, l.Name, l.Host)
	} else if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(l.HostKey)); err != nil {
		problem("%s %s: host_key is not a public key: %v", what, l.Name, err)
	}
	if l.KeyFile != "" {
		if _, err := os.Stat(l.KeyFile); err != nil {
			problem("%s %s: key_file: %v", what, l.Name, err)
		}
	}
}

// pinned finds the key of an address in a known_hosts file, by asking about one that nobody has.
func pinned(check ssh.HostKeyCallback, addr string) string {
	var unknown *knownhosts.KeyError
	if err := check(addr, &net.TCPAddr{IP: net.IPv4zero}, nobodys{}); !errors.As(err, &unknown) || len(unknown.Want) == 0 {
		return ""
	}
	best := unknown.Want[0].Key
	for _, k := range unknown.Want {
		if k.Key.Type() == ssh.KeyAlgoED25519 {
			best = k.Key
		}
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(best)))
}

type nobodys struct{}

func (nobodys) Type() string                        { return "nobody's" }
func (nobodys) Marshal() []byte                     { return []byte("nobody's") }
func (nobodys) Verify([]byte, *ssh.Signature) error { return errors.New("nobody's key") }

func (inv *Inventory) bastion(name string) *Login {
	for i := range inv.Bastions {
		if inv.Bastions[i].Name == name {
			return &inv.Bastions[i]
		}
	}
	return nil
}
