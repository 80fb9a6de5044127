package static

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"drover/fault"
	"drover/providers"
)

const (
	checkLimit = 20 * time.Second // for one host
	atOnce     = 32               // hosts tested at the same time
	skewLimit  = 30               // seconds
	diskLimit  = 1024             // MiB free
)

// Hosts implements providers.Hosts. A host that left the inventory is shown as long as an instance has it.
func (p *Provider) Hosts(ctx context.Context) ([]providers.Host, error) {
	inv, err := p.inventory()
	if err != nil {
		return nil, err
	}
	return p.hosts(ctx, inv)
}

func (p *Provider) hosts(ctx context.Context, inv *Inventory) ([]providers.Host, error) {
	b, _, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	users := map[string]*allocation{}
	for _, a := range b.Instances {
		users[a.Access.Addr] = a
	}
	var out []providers.Host
	for _, h := range inv.Hosts {
		host := providers.Host{
			Name: h.Name, Address: h.Addr(), User: h.User, Bastion: h.Bastion, Roles: h.Roles, Labels: h.Labels, State: "free",
		}
		if a := users[h.Addr()]; a != nil {
			host.Tags, host.InstanceID, host.State = a.Spec.Tags, a.Spec.ID, a.State
			delete(users, h.Addr())
		}
		out = append(out, host)
	}
	for addr, a := range users {
		out = append(out, providers.Host{
			Name: a.Host, Address: addr, User: a.Access.User, Tags: a.Spec.Tags, InstanceID: a.Spec.ID, State: a.State,
		})
	}
	slices.SortFunc(out, func(x, y providers.Host) int { return cmp.Compare(x.Name, y.Name) })
	return out, nil
}

// CheckHosts implements providers.Hosts.
func (p *Provider) CheckHosts(ctx context.Context, text string) ([]providers.Host, error) {
	inv, err := p.inventory()
	if text != "" {
		inv, err = ReadInventory("(given)", []byte(text))
	}
	if err != nil {
		return nil, err
	}
	hosts, err := p.hosts(ctx, inv)
	if err != nil {
		return nil, err
	}
	access := map[string]Access{}
	for _, h := range inv.Hosts {
		access[h.Addr()] = inv.access(h)
	}
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range hosts {
		at, ok := access[hosts[i].Address]
		if !ok {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, done := context.WithTimeout(ctx, checkLimit)
			defer done()
			hosts[i].Checks = p.check(ctx, at, hosts[i].InstanceID == "")
		})
	}
	all.Wait()
	return hosts, nil
}

// checkScript tells one fact a line.
const checkScript = `echo "uid $(id -u)"
echo "clock $(date +%s)"
echo "disk $(df -Pk /var/lib | awk 'NR==2 {print int($4/1024)}')"
echo "arch $(uname -sm)"
for tool in awk cut find flock getent grep head mv readlink sed sh tail; do command -v $tool >/dev/null || echo "lacks $tool"; done
if [ -e /var/lib/drover ] || [ -e /opt/drover/bin/drover-agent ]; then echo "taken $(head -n 1 /var/lib/drover/.host 2>/dev/null)"; fi
if command -v sshd >/dev/null || [ -x /usr/sbin/sshd ]; then
	PATH=$PATH:/usr/sbin sshd -T 2>/dev/null | grep -E '^(permitrootlogin|allowstreamlocalforwarding) ' || true
fi
`

func (p *Provider) check(ctx context.Context, at Access, free bool) []providers.HostCheck {
	var out []providers.HostCheck
	add := func(name string, ok bool, detail, hint string) {
		if ok {
			hint = ""
		}
		out = append(out, providers.HostCheck{Name: name, OK: ok, Detail: detail, Hint: hint})
	}
	began := time.Now()
	r, err := p.Shell.Run(ctx, at, checkScript)
	if err != nil {
		f := fault.As(err)
		name, hint := "reachable", "see whether the host is up and its sshd listens"
		if f != nil {
			hint = cmp.Or(f.Hint, hint)
			if f.Type == fault.HostKeyChanged {
				name = "host key"
			}
			if f.Type == fault.Unauthorized {
				name = "login"
			}
		}
		add(name, false, err.Error(), hint)
		return out
	}
	add("reachable", true, at.Addr, "")
	add("host key", true, "as pinned", "")
	facts := map[string]string{}
	var lacks []string
	for line := range strings.Lines(r.Stdout) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "lacks" {
			lacks = append(lacks, value)
		}
		facts[name] = value
	}
	root := r.ExitCode == 0 && facts["uid"] == "0"
	add("root", root, strings.TrimSpace(cmp.Or(r.Stderr, "commands run as root")),
		fmt.Sprintf("let user %s run commands through sudo without a password: NOPASSWD in /etc/sudoers.d", at.User))
	if !root {
		return out
	}
	theirs, _ := strconv.ParseFloat(facts["clock"], 64)
	skew := math.Abs(theirs - float64(began.Add(time.Since(began)/2).Unix()))
	add("clock", skew <= skewLimit, fmt.Sprintf("%.0f s off", skew), "let the host keep time by NTP")
	disk, _ := strconv.Atoi(facts["disk"])
	add("disk", disk >= diskLimit, fmt.Sprintf("%d MiB free in /var/lib", disk), fmt.Sprintf("free at least %d MiB", diskLimit))
	add("tools", len(lacks) == 0, cmp.Or(strings.Join(lacks, ", "), "all there"), "install them")
	login := facts["permitrootlogin"]
	add("root login", login != "no" && login != "forced-commands-only", "PermitRootLogin "+cmp.Or(login, "unknown"),
		"nodes are reached as root with Drover's key: PermitRootLogin prohibit-password in sshd_config")
	forward := facts["allowstreamlocalforwarding"]
	add("agent socket", forward != "no" && forward != "remote", "AllowStreamLocalForwarding "+cmp.Or(forward, "unknown"),
		"the agent is reached through SSH: AllowStreamLocalForwarding yes in sshd_config")
	owner, taken := facts["taken"]
	add("free of others", !free || !taken, cmp.Or(owner, "nothing of Drover's on a free host"),
		"another installation of Drover is on it: release it there, or leave the host out")
	return out
}
