package agents

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The package sees one argument as it is; the process list and the environment of what it starts do not show it sooner.
func TestParametersAreOneArgument(t *testing.T) {
	t.Parallel()
	const params = `{"pass":"it's $(reboot) \"x\" ` + "`y`" + ` \\ *","n":1}`
	for name, c := range map[string]struct{ cmd, out string }{
		"plain":      {"printf '%s|'", params + "|"},
		"with words": {"printf '%s|' a 'b c'", "a|b c|" + params + "|"},
		"the last":   {"echo one >/dev/null; printf '%s|'", params + "|"},
		"two lines":  {"true\nprintf '%s|'", params + "|"},
		"function":   {`f() { printf '%s' "$1" | cat; }; f`, params},
		"environ":    {"env | grep -c -e pass; true", "0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("/bin/sh", "-c", withArgument(c.cmd))
			require.NotContains(t, cmd.Args[2], "pass\":")
			cmd.Env = []string{"PATH=/usr/bin:/bin", paramsVariable + "=" + params}
			out, err := cmd.Output()
			require.NoError(t, err)
			require.Equal(t, c.out, string(out))
		})
	}
}
