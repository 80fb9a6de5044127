package static

import (
	"context"
	"strings"

	"drover/agent/api"
	"drover/fault"
)

// Exit codes of the scripts.
const (
	foreign  = 81 // the host belongs to another instance, or another installation of Drover
	occupied = 82 // folders of Drover's are there and no instance has them
)

// mark is the file on a host that says which instance has it: the id, then what was made there, one thing a line. It is
// written before the thing is made.
const mark = api.StateDir + "/.host"

// script runs one on an instance's host; a failure is a fault that says what to do.
func (p *Provider) script(ctx context.Context, a *allocation, text string) error {
	r, err := p.Shell.Run(ctx, a.Access, text)
	if err != nil {
		return fault.Wrap(err, fault.Unreachable, "provider static: host %s", a.Host)
	}
	said := strings.TrimSpace(r.Stderr)
	var f *fault.Fault
	switch r.ExitCode {
	case 0:
		return nil
	case foreign:
		f = fault.New(fault.Conflict, "provider static: host %s is not free: %s", a.Host, said).
			WithHint("another installation of Drover has it: take it out of the inventory, or release it there")
	case occupied:
		f = fault.New(fault.Conflict, "provider static: host %s is not free: %s", a.Host, said).
			WithHint("a worker or an agent of another installation lives there: take the host out of the inventory, or remove them")
	default:
		f = fault.New(fault.Unreachable, "provider static: host %s: a script ended with exit code %d: %s", a.Host, r.ExitCode, said).
			WithHint("drover hosts check says what the host lacks")
	}
	f.Output = r.Stdout + r.Stderr
	return f
}

// quote makes a word of a shell script.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// names begins every script: what it is about, as quoted words.
func names(a *allocation) string {
	var b strings.Builder
	b.WriteString("set -eu\numask 022\n")
	// One script at a time: that of a worker that died may still run when its retry comes.
	b.WriteString("exec 9< /var\nflock -w 60 9 || { echo 'another script of Drover has been running for a minute' >&2; exit 1; }\n")
	b.WriteString("id=" + quote(a.Spec.ID) + "\nwas=" + quote(a.Was) + "\nkey=" + quote(strings.TrimSpace(a.Spec.AuthorizedKey)) + "\n")
	b.WriteString("mark=" + quote(mark) + "\nhome=$(getent passwd root | cut -d: -f6)\nkeys=$home/.ssh/authorized_keys\n")
	b.WriteString("owner=; if [ -e \"$mark\" ]; then owner=$(head -n 1 \"$mark\"); fi\n")
	return b.String()
}

func prepareScript(a *allocation) string {
	var b strings.Builder
	b.WriteString(names(a))
	b.WriteString(`
if [ -n "$owner" ] && [ "$owner" = "$was" ]; then
	{ echo "$id"; tail -n +2 "$mark"; } > "$mark.new"
	mv "$mark.new" "$mark"
elif [ -n "$owner" ] && [ "$owner" != "$id" ]; then
	echo "it belongs to instance $owner" >&2
	exit 81
elif [ -z "$owner" ]; then
	for there in /var/lib/drover /opt/drover/bin/drover-agent /etc/drover/agent.json; do
		if [ -e "$there" ]; then echo "$there exists" >&2; exit 82; fi
	done
	rm -rf /var/lib/.drover.new
	mkdir -p /var/lib
	mkdir -m 755 /var/lib/.drover.new
	echo "$id" > /var/lib/.drover.new/.host
	mv -T /var/lib/.drover.new /var/lib/drover
fi
made() { echo "$1" >> "$mark"; }
if [ ! -e /var/log/drover ]; then made logs; mkdir -m 755 -p /var/log/drover; fi
if [ ! -d "$home/.ssh" ]; then made sshdir; mkdir -m 700 "$home/.ssh"; fi
if [ ! -e "$keys" ]; then made keyfile; (umask 077; : > "$keys"); fi
if ! grep -qxF -- "$key" "$keys"; then
	made key
	if [ -s "$keys" ] && [ -n "$(tail -c 1 "$keys")" ]; then made newline; echo >> "$keys"; fi
	printf '%s\n' "$key" >> "$keys"
fi
folder() {
	[ ! -d "$1" ] || return 0
	first=$1
	while [ ! -d "$(dirname "$first")" ]; do first=$(dirname "$first"); done
	made "folder $first"
	mkdir -p "$1"
}
`)
	for _, m := range a.Spec.Mounts {
		b.WriteString("folder " + quote(m.Path) + "\n")
	}
	return b.String()
}

// endAgent ends the agent and takes its service away.
const endAgent = `
if [ -x /opt/drover/bin/drover-agent ]; then /opt/drover/bin/drover-agent stop >&2; fi
`

func stopScript(a *allocation) string {
	return names(a) + `if [ "$owner" = "$id" ]; then` + endAgent + "fi\n"
}

func releaseScript(a *allocation) string {
	var b strings.Builder
	b.WriteString(names(a))
	// A host that bears no mark, or that of another, has nothing of this instance.
	b.WriteString(`
if [ -z "$owner" ] || { [ "$owner" != "$id" ] && [ "$owner" != "$was" ]; }; then exit 0; fi
made() { grep -qxF -- "$1" "$mark"; }
` + endAgent + `
for proc in /proc/[0-9]*; do
	case $(readlink "$proc/exe" || true) in
	/opt/drover/bin/drover-agent*) kill -9 "${proc#/proc/}" || true ;;
	esac
done
if made key && [ -e "$keys" ]; then
	{ grep -vxF -- "$key" "$keys" || true; } > "$keys.drover"
	if made newline; then printf %s "$(cat "$keys.drover")" > "$keys"; else cat "$keys.drover" > "$keys"; fi
	rm -f "$keys.drover"
fi
if made keyfile && [ ! -s "$keys" ]; then rm -f "$keys"; fi
if made sshdir; then rmdir "$home/.ssh" 2>/dev/null || true; fi
# unfold removes a mount point's folders, from the inside to the first one that was made, as long as they are empty.
unfold() {
	for first in $(sed -n 's/^folder //p' "$mark"); do
		case $1/ in "$first"/*) ;; *) continue ;; esac
		dir=$1
		while rmdir "$dir" 2>/dev/null && [ "$dir" != "$first" ]; do dir=$(dirname "$dir"); done
	done
}
`)
	for _, m := range a.Spec.Mounts {
		if a.Wipe {
			p := quote(m.Path)
			b.WriteString("if [ -d " + p + " ]; then find " + p + " -xdev -mindepth 1 -delete; fi\n")
		}
		b.WriteString("unfold " + quote(m.Path) + "\n")
	}
	b.WriteString(`
if made logs; then rm -rf /var/log/drover; else rm -f /var/log/drover/agent.log; fi
rm -f /opt/drover/bin/drover-agent /opt/drover/bin/.drover-agent*
for dir in /opt/drover/bin /opt/drover; do
	if [ -d "$dir" ]; then rmdir "$dir" 2>/dev/null || true; fi
done
rm -f /run/drover/agent.sock /run/drover/keeper.pid
if [ -d /run/drover ]; then rmdir /run/drover 2>/dev/null || true; fi
rm -f /etc/drover/agent.json /etc/drover/.agent.json*
if [ -d /etc/drover ]; then rmdir /etc/drover 2>/dev/null || true; fi
rm -rf /var/lib/drover
`)
	return b.String()
}
