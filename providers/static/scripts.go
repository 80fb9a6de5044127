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
	emptied  = 83 // what the instance had there is gone
)

// mark is the file on a host that says which instance has it: the id, then what was made there, one thing a line. It is
// written before the thing is made.
const mark = api.StateDir + "/.host"

// script runs one on an instance's host; a failure is a fault that says what to do.
func (p *Provider) script(ctx context.Context, a *allocation, text string) error {
	r, err := p.Shell.Run(ctx, p.access(a), text)
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
	case emptied:
		f = fault.New(fault.NotAllowed, "provider static: host %s has lost instance %s: %s", a.Host, a.Spec.ID, said).
			WithHint("the machine was reinstalled or cleaned: delete the node and add another one")
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
	// An instance that has been there must not come up empty on a machine that was reinstalled.
	if a.State == preparing && a.Was == "" {
		b.WriteString("new=yes\n")
	} else {
		b.WriteString("new=\n")
	}
	b.WriteString(`
if [ -n "$owner" ] && [ "$owner" = "$was" ]; then
	{ echo "$id"; tail -n +2 "$mark"; } > "$mark.new"
	mv "$mark.new" "$mark"
elif [ -n "$owner" ] && [ "$owner" != "$id" ]; then
	echo "it belongs to instance $owner" >&2
	exit 81
elif [ -z "$owner" ] && [ -z "$new" ]; then
	echo "there is no $mark" >&2
	exit 83
elif [ -z "$owner" ]; then
	for there in /var/lib/drover /opt/drover/bin/drover-agent /etc/drover/agent.json; do
		if [ -e "$there" ]; then echo "$there exists" >&2; exit 82; fi
	done
	rm -rf /var/lib/.drover.new /var/lib/.drover.old
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
	before=
	if [ -s "$keys" ] && [ -n "$(tail -c 1 "$keys")" ]; then made newline; before='\n'; fi
	printf "$before%s\n" "$key" >> "$keys"
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
	// The mark and the key last through a power cut: a host without its mark would count as reinstalled.
	b.WriteString("sync -f \"$mark\" 2>/dev/null || sync\n")
	return b.String()
}

// endAgent ends the agent and takes its service away.
const endAgent = `
if [ -x /opt/drover/bin/drover-agent ]; then /opt/drover/bin/drover-agent stop >&2; fi
`

func stopScript(a *allocation) string {
	return names(a) + `if [ "$owner" = "$id" ]; then` + endAgent + "fi\n"
}

// releaseScript takes away what prepareScript and the agent's installation made. It may be cut anywhere and run again: the
// mark goes last and at once, and before that every line copes with what is gone already.
func releaseScript(a *allocation) string {
	var b strings.Builder
	b.WriteString(names(a))
	// A host that bears no mark, or that of another, has nothing of this instance.
	b.WriteString(`
rm -rf /var/lib/.drover.old
if [ -z "$owner" ] || { [ "$owner" != "$id" ] && [ "$owner" != "$was" ]; }; then exit 0; fi
made() { grep -qxF -- "$1" "$mark"; }
# An agent that cannot be run any more is ended, and its service removed, without it.
if [ -x /opt/drover/bin/drover-agent ]; then /opt/drover/bin/drover-agent stop >&2 || true; fi
unit=/etc/systemd/system/drover-agent.service
if [ -e "$unit" ]; then
	systemctl disable --now drover-agent.service >&2 || true
	rm -f "$unit" /etc/systemd/system/multi-user.target.wants/drover-agent.service
	systemctl daemon-reload >&2 || true
fi
rm -f /etc/drover/services/agent
for proc in /proc/[0-9]*; do
	case $(readlink "$proc/exe" || true) in
	/opt/drover/bin/drover-agent*) kill -9 "${proc#/proc/}" || true ;;
	esac
done
# unfold removes a mount point's folders, from the inside to the first one that was made, as long as they are empty.
unfold() {
	sed -n 's/^folder //p' "$mark" | while IFS= read -r first; do
		case $1/ in "$first"/*) ;; *) continue ;; esac
		dir=$1
		while rmdir "$dir" 2>/dev/null && [ "$dir" != "$first" ]; do dir=$(dirname "$dir"); done
	done
}
`)
	for _, m := range a.Spec.Mounts {
		if a.Wipe {
			p := quote(m.Path)
			b.WriteString("if [ -d " + p + " ]; then find " + p + "/ -xdev -mindepth 1 -delete; fi\n")
		}
		b.WriteString("unfold " + quote(m.Path) + "\n")
	}
	b.WriteString(`
if made logs; then rm -rf /var/log/drover; else rm -f /var/log/drover/agent.log; fi
rm -f /opt/drover/bin/drover-agent /opt/drover/bin/.drover-agent*
for dir in /opt/drover/bin /opt/drover; do
	if [ -d "$dir" ]; then rmdir "$dir" 2>/dev/null || true; fi
done
rm -f /run/drover/agent.sock /run/drover/agent.sock.lock /run/drover/keeper.pid
if [ -d /run/drover ]; then rmdir /run/drover 2>/dev/null || true; fi
rm -f /etc/drover/agent.json /etc/drover/.agent.json*
if [ -d /etc/drover ]; then rmdir /etc/drover 2>/dev/null || true; fi
# After all that was deleted there is room for a copy: another user of these keys must never find half of them.
if made key && [ -e "$keys" ] && grep -qxF -- "$key" "$keys"; then
	file=$(readlink -f "$keys")
	last=$(tail -n 1 "$file")
	cp -p "$file" "$file.drover"
	{ grep -vxF -- "$key" "$file" || true; } > "$file.drover"
	if made newline && [ "$last" = "$key" ]; then
		text=$(cat "$file.drover")
		printf %s "$text" > "$file.drover"
	fi
	mv -f "$file.drover" "$file"
fi
if made keyfile && [ ! -s "$keys" ]; then rm -f "$keys"; fi
if made sshdir; then rmdir "$home/.ssh" 2>/dev/null || true; fi
mv -T /var/lib/drover /var/lib/.drover.old
rm -rf /var/lib/.drover.old
`)
	return b.String()
}
