package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConsulToken(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	good, other := file("good", "the-token\n", 0o600), file("other", "another-token", 0o400)
	for name, c := range map[string]struct {
		flag, fileVariable, variable string
		want, problem                string
	}{
		"none":                        {},
		"from its file":               {flag: good, want: "the-token"},
		"from the variable":           {variable: "plain-token", want: "plain-token"},
		"from the variable's file":    {fileVariable: other, want: "another-token"},
		"the flag before the others":  {flag: good, fileVariable: other, variable: "plain-token", want: "the-token"},
		"the group can read it":       {flag: file("group", "the-token", 0o640), problem: "mode 0640 lets other users read the token; correct it with: chmod 600"},
		"the world can, by variable":  {fileVariable: file("world", "the-token", 0o604), problem: "mode 0604"},
		"nothing in it":               {flag: file("empty", " \n", 0o600), problem: "empty is empty"},
		"no such file":                {flag: filepath.Join(dir, "absent"), problem: "no such file"},
		"a folder":                    {flag: dir, problem: "mode "},
		"not silently the variable's": {flag: filepath.Join(dir, "absent"), variable: "plain-token", problem: "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CONSUL_HTTP_TOKEN_FILE", c.fileVariable)
			t.Setenv("CONSUL_HTTP_TOKEN", c.variable)
			client, cfg, err := consulWith(c.flag)
			if c.problem != "" {
				require.ErrorContains(t, err, "consul token: ")
				require.ErrorContains(t, err, c.problem)
				require.NotContains(t, err.Error(), "the-token")
				return
			}
			require.NoError(t, err)
			require.NotNil(t, client)
			require.Equal(t, c.want, cfg.Token)
		})
	}
}
