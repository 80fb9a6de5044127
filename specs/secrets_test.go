package specs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func secretive(t *testing.T, template string) *Package {
	t.Helper()
	return packageOf(t, configOf(`
		{"key": "pass", "type": "password", "default": "Sesame\"Open"},
		{"key": "same", "type": "password", "default": "Sesame\"Open"},
		{"key": "empty", "type": "password", "default": ""},
		{"key": "unused", "type": "password", "default": "never-seen"}`), template)
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	p := secretive(t, `{"nodes": [{"count": 1, `+role+`}], "env": {"a": {{env.pass}}, "b": {{env.same}}, "c": {{env.empty}}}}`)
	c, _, err := p.Render(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{`Sesame"Open`}, c.Secrets)
	require.Equal(t, `Sesame"Open`, c.Env["a"])

	text, _, err := p.RenderJSON(t.Context(), nil)
	require.NoError(t, err)
	require.NotContains(t, string(text), "Sesame")
	require.Contains(t, string(text), `"a": "******"`)
	require.Contains(t, string(text), `"c": ""`)
	text, _, err = p.RenderJSON(t.Context(), nil, RenderOptions{ShowSecrets: true})
	require.NoError(t, err)
	require.Contains(t, string(text), `"a": "Sesame\"Open"`)
}

// TestNoSecretInMessages plants a password wherever a message quotes what it found.
func TestNoSecretInMessages(t *testing.T) {
	t.Parallel()
	for _, template := range []string{
		`{"nodes": [{"count": {{env.pass}}, ` + role + `}]}`,
		`{"nodes": [{"count": 1, "user_access": {{env.pass}}, "passphraseless": {{env.pass}}, ` + role + `}]}`,
		`{"nodes": [{"count": 1, "role": {{env.pass}}, "volume": {"size": 1, "mount_point": {{env.pass}}}, "advanced_actions": [{{env.pass}}], ` + role + `}]}`,
		`{"nodes": [{"count": 1, ` + role + `}], "upgrading_policy": {{env.pass}}, "endpoints": {"e": {"port": {{env.pass}}}}}`,
		`{"nodes": [{"count": 1, "services": {"s": {"type": {{env.pass}}}}, ` + role + `}], "env": {"e": {{env.pass}}}, "endpoints": {"e": {"port": "env.e"}}}`,
		`{"nodes": [{"count": 1, ` + role + `}], "env": {"e": "{{env.pass}}"}}`,
		`{"nodes": [{"count": 1, ` + role + `}], {{{env.pass}}: 1, "env": {{env.pass}}, {{env.pass}}: 2}`,
		`{"nodes": [{"count": 1, "env": {{{env.pass}}: {"x": 1}, {{env.pass}}: {"x": 1}}, ` + role + `}]}`,
	} {
		p := secretive(t, template)
		_, diags, err := p.Render(t.Context(), nil)
		require.NotEmpty(t, diags, template)
		require.NotContains(t, lines(diags), "Sesame", template)
		require.NotContains(t, lines(Lint(t.Context(), p)), "Sesame", template)
		if err != nil {
			require.NotContains(t, err.Error(), "Sesame", template)
		}
	}
	p := envPackage(t, "v", `"type": "password", "range": ["Sesame-Open"], "default": "Sesame-Close"`)
	require.NotContains(t, lines(Lint(t.Context(), p)), "Sesame")
	_, _, err := p.Render(t.Context(), map[string]any{"env.v": "Sesame-Ajar"})
	require.ErrorContains(t, err, "env.v: value (hidden) is not allowed")
	require.NotContains(t, err.Error(), "Sesame")
	p = envPackage(t, "v", `"type": "password", "default": ["Sesame"]`)
	require.NotContains(t, lines(Lint(t.Context(), p)), "Sesame")
}

// TestRenderJSONShowsWhatIsWrong: after the JSON stage the text is returned beside the error.
func TestRenderJSONShowsWhatIsWrong(t *testing.T) {
	t.Parallel()
	text, _, err := nodesPackage(t, `{"nodes": [{"count": 0, `+role+`}], "a": 1, "b": 2.50, "a": 3, "c": "<&>"}`).RenderJSON(t.Context(), nil)
	require.ErrorContains(t, err, "add up to 0")
	require.Contains(t, string(text), "\"a\": 3,\n  \"b\": 2.50,\n  \"c\": \"<&>\"\n}\n")
	text, _, err = nodesPackage(t, `{`).RenderJSON(t.Context(), nil)
	require.Error(t, err)
	require.Nil(t, text)
}
