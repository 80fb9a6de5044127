package lifecycle_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/specs"
)

func TestSecretsOfARecord(t *testing.T) {
	t.Parallel()
	rec := &lifecycle.Record{
		ConsulToken: "5b1e6c1e-token",
		Spec:        &specs.Cluster{Secrets: []string{`quo"ted<pass>`, "", "plain"}},
		Target:      &lifecycle.Version{Spec: &specs.Cluster{Secrets: []string{"before"}}},
		Nodes: []lifecycle.Node{
			{ID: "a", PrivateKey: "-----BEGIN KEY-----\nfirst-line\nsecond-line\n-----END KEY-----\n", Token: "join me: abcdefgh"},
			{ID: "b", PrivateKey: "-----BEGIN KEY-----\nof-another\n-----END KEY-----\n", Token: "1"},
		},
	}
	require.ElementsMatch(t, []string{
		`quo"ted<pass>`, `quo\"ted<pass>`, `quo\"ted\u003cpass\u003e`, "plain", "before", "5b1e6c1e-token",
		"join me: abcdefgh", "first-line", "second-line",
	}, rec.Secrets(&rec.Nodes[0]))
	require.NotContains(t, rec.Secrets(nil), "first-line")
	require.Empty(t, (&lifecycle.Record{}).Secrets(nil))
}

func TestRedactCut(t *testing.T) {
	t.Parallel()
	secrets := []string{"hunter2-password", "hunt"}
	for text, want := range map[string]string{
		"it is hunter2-password": "it is ******",
		"it is hunter2-pass":     "it is ******",
		"hunt, hunter2-password": "******, ******",
		"all is well":            "all is well",
		"":                       "",
	} {
		require.Equal(t, want, lifecycle.RedactCut(text, secrets))
	}
	for text, want := range map[string]string{
		"it is hunter2-pass": "it is ******",
		"it is hunt":         "it is ******",
		"it is hun":          "it is hun",
		"hunter2-passwor":    "******",
		"hunter2-pass ":      "hunter2-pass ",
	} {
		require.Equal(t, want, lifecycle.RedactCut(text, secrets[:1]))
	}
}
