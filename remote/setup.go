package remote

import (
	"path"
	"strings"
)

// What the setup script says at its end.
const (
	needsBinary = "binary"  // the binary is missing or differs; nothing was touched
	wasRunning  = "running" // configuration is the same and the socket is there
	wasStarted  = "started"
)

// setup is the script that makes a node run the agent: one shell and as few processes as can be, since 200 nodes may
// share two cores. The configuration comes on standard input as one line, so that its token is in no process list.
type setup struct {
	paths
	check, same string // command printing words, and the words of the right binary
	restart     bool   // even if nothing changed
}

// The script reads and compares with the shell's own commands. It runs in a shell of its own, since the login shell may
// be any.
const setupScript = `
IFS= read -r new || { echo "no configuration on standard input" >&2; exit 1; }
have=
[ -x "$B" ] && have=$(` + "CHECK" + ` 2>/dev/null)
set -f
set -- $have
[ "$*" = "$same" ] || { echo binary; exit 0; }
old=
[ -r "$C" ] && IFS= read -r old <"$C"
if [ "$new" != "$old" ]; then
	[ -d "$D" ] || mkdir -p "$D" || exit 1
	umask 077
	printf '%s\n' "$new" >"$C.new" && sync "$C.new" && mv -f "$C.new" "$C" || exit 1
	umask 022
	restart=yes
fi
if [ -S "$S" ]; then
	[ "$restart" ] || { echo running; exit 0; }
	"$B" stop </dev/null >/dev/null 2>&1
fi
"$B" start </dev/null >&2 || exit 1
echo started
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
