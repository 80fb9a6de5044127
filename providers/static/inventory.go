package static

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"drover/fault"
	"drover/specs"
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
	// Ports that the application will listen on: a test of a free host looks whether another process does.
	Ports  []int `yaml:"ports"`
	CPU    int   `yaml:"cpu"`    // cores; 0: not declared
	Memory int   `yaml:"memory"` // MiB; 0: not declared
}

// ip is the address of the host for other nodes, or its name where only that is known. It identifies the host: one machine at
// two ports is one machine.
func (h Host) ip() string { return plainIP(cmp.Or(h.IP, h.Host)) }

// ip is that of the host an instance has.
func (a *allocation) ip() string {
	host, _, _ := net.SplitHostPort(a.Access.Addr)
	return plainIP(cmp.Or(a.IP, host))
}

// plainIP writes an address, or else a name, in one way.
func plainIP(at string) string {
	if ip, err := netip.ParseAddr(at); err == nil {
		return ip.Unmap().String()
	}
	return strings.ToLower(strings.TrimSuffix(at, "."))
}

// plainName is a name of a machine, in the inventory or in DNS.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

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
		problems = append(wrong.Errors, inv.complete(text, wrong.Errors)...)
	case err != nil && !errors.Is(err, io.EOF):
		problems = append(problems, strings.TrimPrefix(err.Error(), "yaml: "))
	default:
		problems = inv.complete(text, nil)
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "inventory %s: %s", name, strings.Join(problems, "; "))
		f.Problems = problems
		return nil, f.WithHint("see docs/providers.md and docs/hosts.example.yaml")
	}
	return &inv, nil
}

// complete fills in defaults and gives the problems. Entries that the decoder complained about are left out.
func (inv *Inventory) complete(text []byte, complaints []string) []string {
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
	if len(inv.Hosts) == 0 && len(complaints) == 0 {
		problem("it has no hosts")
	}
	// about gives a function that reports problems of an entry, with its line and name.
	about := func(kind string, all []place, i int, l *Login) (tell func(string, ...any), skip bool) {
		line := ""
		if i < len(all) {
			line, skip = fmt.Sprintf("line %d: ", all[i].from), all[i].broken(complaints)
		}
		return func(format string, args ...any) {
			problem("%s%s %s: %s", line, kind, cmp.Or(l.Name, l.Host, strconv.Itoa(i+1)), fmt.Sprintf(format, args...))
		}, skip
	}
	used := map[string]string{}
	twice := func(tell func(string, ...any), kind, who string, all ...string) {
		told := false
		for _, mine := range all {
			if other, is := used[kind+mine]; is && !told {
				tell("its %s is that of %s %s too", mine, kind, other)
				told = true
			}
			used[kind+mine] = who
		}
	}
	lines := places(text, "bastions")
	for i := range inv.Bastions {
		b := &inv.Bastions[i]
		tell, skip := about("bastion", lines, i, b)
		if skip {
			continue
		}
		b.complete(known, tell)
		twice(tell, "bastion", b.Name, "name "+b.Name)
	}
	lines = places(text, "hosts")
	for i := range inv.Hosts {
		h := &inv.Hosts[i]
		tell, skip := about("host", lines, i, &h.Login)
		if skip {
			continue
		}
		h.Login.complete(known, tell)
		if h.Host != "" {
			twice(tell, "host", h.Name, "name "+h.Name)
			twice(tell, "host", h.Name, "address "+h.Addr(), "ip "+h.ip())
		}
		h.check(inv, tell)
	}
	return problems
}

// check finds the problems of what a host has and a bastion has not.
func (h *Host) check(inv *Inventory, tell func(string, ...any)) {
	if h.Bastion != "" && inv.bastion(h.Bastion) == nil {
		tell("bastion %q is not in the inventory", h.Bastion)
	}
	if h.IP != "" && net.ParseIP(h.IP) == nil {
		tell("ip %q is not an address", h.IP)
	}
	if h.CPU < 0 || h.Memory < 0 {
		tell("cpu and memory cannot be negative")
	}
	for _, m := range h.MountPoints {
		if why := specs.HostMountProblem(m); why != "" {
			tell("mount point %q %s", m, why)
		}
	}
	for _, p := range h.Ports {
		if p < 1 || p > maxPort {
			tell("port %d of ports is not between 1 and %d", p, maxPort)
		}
	}
}

const maxPort = 65535

// complete fills in defaults and reports the problems.
func (l *Login) complete(known func(string) string, tell func(string, ...any)) {
	isIP := func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }
	switch {
	case l.Host == "":
		tell("host is missing")
	case !plainName.MatchString(l.Host) && !isIP(l.Host):
		tell("host %q is neither an address nor a name: a port is set with port", l.Host)
	}
	if l.Name != "" && !plainName.MatchString(l.Name) && !isIP(l.Name) {
		tell("name %q can have letters, digits, dots, hyphens and underscores only", l.Name)
	}
	l.Name = cmp.Or(l.Name, l.Host)
	l.Port = cmp.Or(l.Port, 22)
	l.User = cmp.Or(l.User, "root")
	if l.Port < 1 || l.Port > maxPort {
		tell("port %d is not between 1 and %d", l.Port, maxPort)
	}
	if l.HostKey == "" {
		l.HostKey = known(l.Addr())
	}
	if l.HostKey == "" {
		tell("no host_key, and none in known_hosts: Drover trusts no key on first use (ssh-keyscan -p %d %s shows it)", l.Port, cmp.Or(l.Host, "HOST"))
	} else if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(l.HostKey)); err != nil {
		tell("host_key is not a public key such as ssh-ed25519 AAAA...: %v", err)
	}
	if l.KeyFile == "" {
		return
	}
	info, err := os.Stat(l.KeyFile)
	switch {
	case !filepath.IsAbs(l.KeyFile):
		tell("key_file %s is not an absolute path on the worker", l.KeyFile)
	case err != nil:
		tell("key_file: %v", err)
	case info.Mode().Perm()&0o077 != 0:
		tell("key_file %s: mode is %04o and others can read the key: chmod 600 it", l.KeyFile, info.Mode().Perm())
	}
}

// pinned finds the key of an address in a known_hosts file, by asking about a key that does not exist.
func pinned(check ssh.HostKeyCallback, addr string) string {
	var unknown *knownhosts.KeyError
	if err := check(addr, &net.TCPAddr{IP: net.IPv4zero}, unknownKey{}); !errors.As(err, &unknown) || len(unknown.Want) == 0 {
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

type unknownKey struct{}

func (unknownKey) Type() string                        { return "unknown" }
func (unknownKey) Marshal() []byte                     { return []byte("unknown") }
func (unknownKey) Verify([]byte, *ssh.Signature) error { return errors.New("unknown key") }

func (inv *Inventory) bastion(name string) *Login {
	for i := range inv.Bastions {
		if inv.Bastions[i].Name == name {
			return &inv.Bastions[i]
		}
	}
	return nil
}
