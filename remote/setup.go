package remote

import (
	"path"
	"strings"
)

// found is the setup script's exit code: output may come late, or never, from a node that is very busy, an exit code
// does not. None of them is a code that a shell or another program ends with by itself.
type found int

const (
	needsBinary found = 91 // the binary is missing or differs; nothing was touched
	wasRunning  found = 92 // configuration is the same and the socket is there
	wasStarted  found = 93
)

// setup is the script that makes a node run the agent: one shell and as few processes as can be, since 200 nodes may
// share two cores. The configuration comes on standard input as one line, so that its token is in no process list.
type setup struct {
	paths
	check, same string // command printing words, and the words of the right binary
	restart     bool   // even if nothing changed
}

// The script reads and compares with the shell's own commands. It runs in a shell of its own, since the login shell may
// be any. An earlier try, whose connection was lost, may still be running: hence the process id in the temporary name.
const setupScript = `
IFS= read -r new || { echo "no configuration on standard input" >&2; exit 1; }
have=
[ -x "$B" ] && have=$(` + "CHECK" + ` 2>/dev/null)
set -f
set -- $have
[ "$*" = "$same" ] || exit 91
old=
[ -r "$C" ] && IFS= read -r old <"$C"
if [ "$new" != "$old" ]; then
	[ -d "$D" ] || mkdir -p "$D" || exit 1
	umask 077
	printf '%s\n' "$new" >"$C.$$" && sync "$C.$$" && mv -f "$C.$$" "$C" || { rm -f "$C.$$"; exit 1; }
	umask 022
	restart=yes
fi
if [ -S "$S" ]; then
	[ "$restart" ] || exit 92
	"$B" stop </dev/null >/dev/null 2>&1
fi
"$B" start </dev/null >&2 || exit 1
exit 93
`

func (s setup) command() string {
	var b strings.Builder
	for _, v := range [][2]string{
		{"B", s.binary}, {"C", s.config}, {"D", path.Dir(s.config)}, {"S", s.socket}, {"same", s.same},
	} {
		b.WriteString(v[0] + "=" + Quote(v[1]) + "\n")
	}
	if s.restart {
		b.WriteString("restart=yes")
	} else {
		b.WriteString("restart=")
	}
	b.WriteString(strings.Replace(setupScript, "CHECK", s.check, 1))
	return "exec /bin/sh -c " + Quote(b.String())
}
