package specs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNamesThatBecomeKeysAreChecked: what metadata refuses after machines exist, lint refuses before.
func TestNamesThatBecomeKeysAreChecked(t *testing.T) {
	t.Parallel()
	places := map[string]string{
		"env":          `{"nodes": [{"role": "r", "count": 1, ` + role + `}], "env": {NAME: "1"}}`,
		"role env":     `{"nodes": [{"role": "r", "count": 1, "env": {NAME: "1"}, ` + role + `}]}`,
		"endpoint":     `{"nodes": [{"role": "r", "count": 1, ` + role + `}], "endpoints": {NAME: {"port": 80}}}`,
		"reserved ip":  `{"nodes": [{"role": "r", "count": 1, ` + role + `}], "endpoints": {"reserved_ips": {NAME: {"value": "10.0.0.1"}}}}`,
		"link":         `{"nodes": [{"role": "r", "count": 1, ` + role + `}], "links": {NAME: ""}}`,
		"role of many": `{"nodes": [{"role": "r", "count": 1, ` + role + `}, {"role": NAME, "count": 1, ` + role + `}]}`,
	}
	for place, template := range places {
		for name, ok := range map[string]bool{
			"a.b": true, "-p": true, "größe": true, "...": true,
			"": false, ".": false, "..": false, "a/b": false, "/": false, "a\x01": false, "a\u0085": false, strings.Repeat("x", 256): false,
		} {
			quoted, err := json.Marshal(name)
			require.NoError(t, err)
			found := Lint(t.Context(), nodesPackage(t, strings.ReplaceAll(template, "NAME", string(quoted))))
			require.Equal(t, !ok, found.HasErrors(), "%s %q: %v", place, name, found)
		}
	}
	require.Equal(t, "is not UTF-8 text", KeyProblem("\xff"))
	require.Empty(t, EnvKeyProblem("k/access_key_id"))
	require.Equal(t, "contains a slash", EnvKeyProblem("k/other"))
	require.Equal(t, "contains a slash", EnvKeyProblem("a/b/access_key_id"))
	require.Equal(t, "is empty", EnvKeyProblem("/secret_access_key"))
}

func TestMountPointsAreCleaned(t *testing.T) {
	t.Parallel()
	c, _, err := nodesPackage(t, `{"nodes": [{"count": 1, "volume": {"size": 20, "mount_point": ["/data/", "//log/./x"]}, `+role+`}]}`).Render(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"/data", "/log/x"}, c.Roles[0].Volume.MountPoints)
}

func TestAccessKeysAreTwoKeys(t *testing.T) {
	t.Parallel()
	p := envPackage(t, "v", `"type": "accesskey", "default": "accesskey"`)
	c, _, err := p.Render(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"x/access_key_id": "accesskey", "x/secret_access_key": ""}, c.Env)
	require.Empty(t, c.Secrets)
	for _, given := range []any{
		map[string]any{"access_key_id": "ID", "secret_access_key": "geheim1234"},
		`{"access_key_id": "ID", "secret_access_key": "geheim1234"}`,
	} {
		values := map[string]any{"env.v": given}
		c, _, err = p.Render(t.Context(), values)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"x/access_key_id": "ID", "x/secret_access_key": "geheim1234"}, c.Env)
		require.Equal(t, []string{"geheim1234"}, c.Secrets)
		text, _, err := p.RenderJSON(t.Context(), values)
		require.NoError(t, err)
		require.NotContains(t, string(text), "geheim1234")
		require.Contains(t, string(text), `"access_key_id": "ID"`)
		typed, err := p.CheckChange(values)
		require.NoError(t, err)
		require.Contains(t, typed, "env.v")
	}
	for _, given := range []any{"ID", map[string]any{"access_key_id": "ID"}, `{"access_key_id": "ID", "secret_access_key": "geheim1234", "x": "1"}`, `["ID"]`, `{"access_key_id": "ID"`} {
		_, _, err = p.Render(t.Context(), map[string]any{"env.v": given})
		require.ErrorContains(t, err, `an object with "access_key_id" and "secret_access_key"`)
		require.NotContains(t, err.Error(), "geheim1234")
	}
}

func TestLocalesMayEndInAComma(t *testing.T) {
	t.Parallel()
	p, err := newPackage("p", files{ConfigFile: []byte(`{"properties": []}`), TemplateFile: []byte(`{"nodes": [{"count": 1, ` + role + `}]}`),
		"locale/zh-cn.json": []byte("{\"err_code7\": \"七\",\n}")})
	require.NoError(t, err)
	found := Lint(t.Context(), p)
	require.Empty(t, found.Errors())
	require.Equal(t, "locale/zh-cn.json:1:18: a comma without a value behind it", found[0].String())
	text, ok := p.ErrCode("en", 7)
	require.True(t, ok, "no English: any other language serves")
	require.Equal(t, "七", text)
}
