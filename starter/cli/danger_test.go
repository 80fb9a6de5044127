package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

// What cannot be reversed is confirmed: by an answer on a terminal, else by --yes.
func TestDangerIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, verb := range [][]string{
		{"delete", known},
		{"delete", known, "--force"},
		{"delete-nodes", known, "cln-00000001"},
		{"delete-nodes", known, "cln-00000001", "--force"},
		{"apps", "unpublish", "etcd", "--version", "3.5"},
		{"resolve", known, "--skip", "--reason", "by hand"},
	} {
		for name, tt := range map[string]struct {
			in, out, err bool // are terminals
			answer       string
			yes          bool
			asks         string // where
			code         int
		}{
			"no terminal":             {code: exitUsage},
			"no terminal, --yes":      {yes: true, code: exitOK},
			"no":                      {in: true, out: true, err: true, answer: "n\n", asks: "stderr", code: exitRefused},
			"end of input":            {in: true, out: true, err: true, asks: "stderr", code: exitRefused},
			"yes":                     {in: true, out: true, err: true, answer: "y\n", asks: "stderr", code: exitOK},
			"errors in a file":        {in: true, out: true, answer: "n\n", asks: "stdout", code: exitRefused},
			"results in a file":       {in: true, err: true, answer: "n\n", asks: "stderr", code: exitRefused},
			"a question is not seen":  {in: true, answer: "y\n", code: exitUsage},
			"an answer is impossible": {out: true, err: true, code: exitUsage},
		} {
			t.Run(strings.Join(verb, " ")+"/"+name, func(t *testing.T) {
				t.Parallel()
				c, cmd := &counter{}, &call{}
				args := verb
				if tt.yes {
					args = append(append([]string{}, verb...), "--yes")
				}
				terminals := map[any]bool{&cmd.stdout: tt.out, &cmd.stderr: tt.err}
				cmd.System = System{
					Args: args, Stdin: strings.NewReader(tt.answer), Stdout: &cmd.stdout, Stderr: &cmd.stderr, Environ: []string{"TEMPORAL_CONFIG_FILE=/dev/null"},
					Terminal: func(stream any) (int, int, bool) {
						is, known := terminals[stream]
						return 80, 24, is || !known && tt.in
					},
					Dial: func(context.Context, client.Options, time.Duration) (client.Client, error) { return c, nil },
				}
				cmd.run(t.Context())
				require.Equal(t, tt.asks == "stderr", strings.Contains(cmd.stderr.String(), "? [y/N] "))
				require.Equal(t, tt.asks == "stdout", strings.Contains(cmd.stdout.String(), "? [y/N] "))
				if tt.code == exitOK { // the counter refuses what is started, and knows no operation to resolve
					require.Contains(t, []int{exitUnreachable, exitRefused}, cmd.code)
					require.NotContains(t, cmd.stderr.String(), "not confirmed")
					return
				}
				require.Equal(t, tt.code, cmd.code, cmd.stderr.String())
				require.Contains(t, cmd.stderr.String(), "not confirmed")
				require.Empty(t, c.operation)
			})
		}
	}
}
