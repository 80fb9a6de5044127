package agents

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/workflows/api"
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

// The program of an operator's command gets every word as it is, and nothing of how they came. The shell is not there any more.
func TestAnOperatorsWordsAreNotReadByAShell(t *testing.T) {
	t.Parallel()
	words := []string{"", "two words", "$(reboot)", "`reboot`", "it's", `"`, `\`, "*", "-n", "a\nb", "備份", "; false"}
	run := func(command ...string) (string, error) {
		in := ExecInput{ExecCommandInput: api.ExecCommandInput{Command: command, Timeout: "1500ms"}}
		launched := in.launched(&lifecycle.Record{}, lifecycle.Node{})
		require.Equal(t, 2, launched.TimeoutSec)
		for _, w := range command[1:] {
			require.NotContains(t, strings.Fields(launched.Cmd), w)
		}
		cmd := exec.Command("/bin/sh", "-c", launched.Cmd)
		cmd.Env = append([]string{"PATH=/usr/bin:/bin"}, launched.Env...)
		out, err := cmd.Output()
		return string(out), err
	}
	out, err := run(append([]string{"printf", "%s|"}, words...)...)
	require.NoError(t, err)
	require.Equal(t, strings.Join(words, "|")+"|", out)
	out, err = run("env")
	require.NoError(t, err)
	require.NotContains(t, out, "DROVER")
	out, err = run("sh", "-c", `tr '\0' ' ' < /proc/$$/cmdline; exit 3`, "word")
	require.Equal(t, "sh -c tr '\\0' ' ' < /proc/$$/cmdline; exit 3 word ", out)
	require.ErrorContains(t, err, "exit status 3")
	_, err = run("exit", "0") // is not a program
	require.ErrorContains(t, err, "exit status 127")
}
