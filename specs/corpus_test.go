package specs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// corpusDir holds real packages that are not ours to publish; where it is absent the tests over it are skipped.
const corpusDir = "../../shared/corpus"

// corpusValues are what a user must give for packages with required items that have no default.
var corpusValues = map[string]map[string]any{
	"mongodb": {"env.user": "keeper", "env.passwd": "Abcdef123"},
}

func corpus(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(corpusDir, "*", ConfigFile))
	require.NoError(t, err)
	if len(dirs) == 0 {
		t.Skipf("no packages in %s: the folder of real packages is not part of the repository", corpusDir)
	}
	for i, d := range dirs {
		dirs[i] = filepath.Dir(d)
	}
	return dirs
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, dir := range corpus(t) {
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Open(dir)
			require.NoError(t, err)
			lint := Lint(t.Context(), p)
			require.Empty(t, lint.Errors())
			for _, w := range lint {
				t.Log(w)
			}

			values := corpusValues[name]
			_, _, err = p.Render(t.Context(), nil)
			if len(values) == 0 {
				require.NoError(t, err)
			} else {
				var problems *Problems
				require.ErrorAs(t, err, &problems)
				named := map[string]bool{}
				for _, d := range problems.Diagnostics {
					named[d.Path] = true
				}
				require.Len(t, named, len(values))
				for path := range values {
					require.True(t, named[path], "%s is not named in %v", path, err)
				}
			}

			for i, group := range p.Config.Groups() {
				chosen := p.Override(values, map[string]any{groupPath: group})
				c, inForce, err := p.Revise(t.Context(), nil, chosen)
				require.NoError(t, err, group)
				require.NotEmpty(t, c.Roles, group)
				for _, it := range p.Config.Items {
					if len(it.Group) > 0 {
						require.Equal(t, textOf(it.Group[i]), textOf(inForce[it.Path]), "%s of %s", it.Path, group)
					}
				}
			}

			c, _, err := p.Render(t.Context(), values)
			require.NoError(t, err)
			require.NotEmpty(t, c.Roles)
			for _, r := range c.Roles {
				require.NotZero(t, r.CPU, r.Name)
				require.NotZero(t, r.Memory, r.Name)
				if r.Count > 0 && r.ReplicaOf == "" {
					require.LessOrEqual(t, r.MinCount, r.Count, r.Name)
				}
				for _, s := range r.Services {
					require.Len(t, s.ParamItems, len(s.Params()), "every parameter of %s comes from an item", s.Name)
					filled, err := p.ServiceParams(s, nil)
					require.NoError(t, err)
					require.Len(t, filled, len(s.Params()), s.Name)
				}
			}
			packed, err := p.Archive()
			require.NoError(t, err)
			file := filepath.Join(t.TempDir(), "package")
			require.NoError(t, os.WriteFile(file, packed, 0o600))
			again, err := Open(file)
			require.NoError(t, err)
			same, _, err := again.Render(t.Context(), values)
			require.NoError(t, err)
			require.Equal(t, c, same)
		})
	}
}
