package static

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"drover/fault"
	"drover/providers"
	"drover/remote/target"
)

// factsScript reports one fact a line and changes nothing; its arguments are the folders that need room.
const factsScript = `echo "uid $(id -u)"
echo "clock $(date +%s)"
echo "arch $(uname -sm)"
for wanted; do
	dir=$wanted
	while [ ! -d "$dir" ]; do dir=$(dirname "$dir"); done
	df -Pk "$dir" | awk 'NR == 2 {print int($4 / 1024), $6}' | {
		read -r free on
		echo "disk $free $(awk -v on="$on" '$2 == on {o = $4} END {split(o, a, ","); print (a[1] == "ro" ? "ro" : "rw")}' /proc/mounts) $wanted"
	}
done
awk '$4 == "0A" {print "listens " $2}' /proc/net/tcp
if [ -r /proc/net/tcp6 ]; then awk '$4 == "0A" {print "listens " $2}' /proc/net/tcp6; fi
for tool in awk cut df find flock getent grep head mv readlink sed sh sync tail; do command -v $tool >/dev/null || echo "lacks $tool"; done
if [ -e /var/lib/drover ] || [ -e /opt/drover/bin/drover-agent ] || [ -e /etc/drover/agent.json ]; then
	echo "taken $(head -n 1 /var/lib/drover/.host 2>/dev/null)"
fi
if command -v sshd >/dev/null || [ -x /usr/sbin/sshd ]; then
	PATH=$PATH:/usr/sbin sshd -T 2>/dev/null | grep -E '^(permitrootlogin|allowstreamlocalforwarding) ' || true
fi
`

// facts are what a host said, by name; some come several times.
type facts map[string][]string

func (f facts) first(name string) string {
	if len(f[name]) == 0 {
		return ""
	}
	return f[name][0]
}

func factsOf(text string) facts {
	f := facts{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		f[name] = append(f[name], value)
	}
	return f
}

// report collects the tests of one host.
type report []providers.HostCheck

// add keeps a test; the hint is for one that failed.
func (r *report) add(name string, ok bool, detail, hint string) {
	if ok {
		hint = ""
	}
	*r = append(*r, providers.HostCheck{Name: name, OK: ok, Detail: detail, Hint: hint})
}

// unreached is a test that failed since there is no connection.
func (r *report) unreached(name string, err error, hint string) {
	if f := fault.As(err); f != nil {
		hint = cmp.Or(f.Hint, hint)
		switch f.Type {
		case fault.HostKeyChanged:
			name += " host key"
		case fault.Unauthorized, fault.Invalid:
			name += " login"
		}
		text := *f
		text.Hint = "" // it has a column of its own
		err = &text
	}
	r.add(strings.TrimPrefix(name, "reachable "), false, err.Error(), hint)
}

// check tests one host.
func (p *Provider) check(ctx context.Context, at target.Target, h Host, free bool) []providers.HostCheck {
	var r report
	if bastion := at.Jump; bastion != nil {
		if err := p.Shell.Reach(ctx, *bastion); err != nil {
			r.unreached("bastion", err, "see whether the bastion is up and its sshd listens")
			return r
		}
		r.add("bastion", true, bastion.Addr, "")
	}
	var began, ended time.Time
	var res Result
	err := p.Shell.Reach(ctx, at)
	if err == nil {
		began = time.Now()
		res, err = p.Shell.Run(ctx, at, "set -- "+quoted(needsRoom(h))+"\n"+factsScript)
		ended = time.Now()
	}
	if err != nil {
		r.unreached("reachable", err, "see whether the host is up and its sshd listens")
		return r
	}
	r.add("reachable", true, at.Addr, "")
	r.add("host key", true, "as pinned", "")
	f := factsOf(res.Stdout)
	if !r.rights(at, res, f) {
		return r
	}
	r.clock(f, began, ended)
	r.disk(f)
	if free {
		r.ports(f, h, at)
	}
	r.add("tools", len(f["lacks"]) == 0, cmp.Or(strings.Join(f["lacks"], ", "), "all there"), "install them")
	login := f.first("permitrootlogin")
	r.add("root login", login != "no" && login != "forced-commands-only", "PermitRootLogin "+cmp.Or(login, "unknown"),
		"nodes are reached as root with Drover's key: PermitRootLogin prohibit-password in sshd_config")
	forward := f.first("allowstreamlocalforwarding")
	r.add("agent socket", forward != "no" && forward != "remote", "AllowStreamLocalForwarding "+cmp.Or(forward, "unknown"),
		"the agent is reached through SSH: AllowStreamLocalForwarding yes in sshd_config")
	if free {
		detail := "nothing of Drover's on a free host"
		if len(f["taken"]) > 0 {
			detail = "Drover's files are on it" + prefixed(", of instance ", f.first("taken"))
		}
		r.add("free of others", len(f["taken"]) == 0, detail, "another installation of Drover is on it: release it there, or leave the host out")
	}
	return r
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// rights says whether scripts run as root.
func (r *report) rights(at target.Target, res Result, f facts) bool {
	name, hint := "root", "let user root run a shell"
	if at.User != "root" {
		name = "sudo"
		hint = fmt.Sprintf("let user %s run commands through sudo without a password: %s ALL=(ALL) NOPASSWD: ALL in /etc/sudoers.d", at.User, at.User)
	}
	ok := f.first("uid") == "0"
	detail := "commands run as root"
	if !ok {
		const notFound = 127
		detail = cmp.Or(strings.TrimSpace(res.Stderr), fmt.Sprintf("exit code %d and no word of it", res.ExitCode))
		if res.ExitCode == notFound {
			hint = "install sudo, or let the inventory's user be root"
		}
	}
	r.add(name, ok, detail, hint)
	return ok
}
