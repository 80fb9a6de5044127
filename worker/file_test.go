package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

func TestProviderFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text     string
		want     string // default
		problems []string
	}{
		"one provider is the default": {"providers:\n  local:\n    range: 127.5.0.0/16\n", "local", nil},
		"a name without settings":     {"providers:\n  local:\n", "local", nil},
		"empty":                       {"", "", []string{"line 1: no provider"}},
		"unknown fields, all at once": {
			"defualt: local\nproviders:\n  local:\n    rnage: x\n  cloud: {}\n", "",
			[]string{"line 1: field defualt not found", "line 4: field rnage not found", "line 5: field cloud not found"},
		},
		"wrong type and wrong default": {
			"default: docker\nproviders:\n  local:\n    images: [a]\n", "",
			[]string{"line 4: cannot unmarshal", `line 1: default "docker" is not among the providers: local`},
		},
		"no YAML": {"providers: [", "", []string{"line 1: did not find"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := parseProviders("f.yaml", []byte(c.text))
			if c.problems == nil {
				require.NoError(t, err)
				require.Equal(t, c.want, file.Default)
				require.NotNil(t, file.Providers.Local)
				return
			}
			require.Truef(t, fault.Is(err, fault.Invalid), "%v", err)
			problems := fault.As(err).Problems
			require.Len(t, problems, len(c.problems), "%v", problems)
			for i, want := range c.problems {
				require.Contains(t, problems[i], want)
			}
		})
	}
}
