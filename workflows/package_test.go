package workflows_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"

	"github.com/stretchr/testify/require"

	"drover/metadata"
	"drover/specs"
)

// anything of cluster.json beside nodes.
type top = map[string]any

// env of every package these tests publish: what UpdateEnv may and may not change.
const envItems = `[
	{"key": "quota", "type": "integer", "default": 2, "min": 1, "changeable": true},
	{"key": "mode", "type": "string", "default": "fast", "range": ["fast", "safe"], "changeable": true},
	{"key": "fixed", "type": "string", "default": "as it was", "changeable": false}
]`

var reference = regexp.MustCompile(`"@([a-z_.]+)@"`)

// publishAs makes a version of an application available. Texts "@env.quota@" refer to items of the configuration.
func (w *world) publishAs(app, version string, more top, nodes ...map[string]any) {
	w.t.Helper()
	cluster := map[string]any{"name": app, "vxnet": "net", "nodes": nodes}
	for key, value := range more {
		cluster[key] = value
	}
	text, err := json.Marshal(cluster)
	require.NoError(w.t, err)
	config := `{"type": "array", "properties": [
		{"key": "cluster", "type": "array", "properties": []}, {"key": "env", "type": "array", "properties": ` + envItems + `}]}`
	archive := archiveOf(w.t, map[string]string{
		"config.json": config, "cluster.json.mustache": reference.ReplaceAllString(string(text), "{{$1}}"),
		"locale/en.json": `{"err_code77": "the data is still needed"}`,
	})
	require.NoError(w.t, w.store.PutApp(w.t.Context(), metadata.App{
		AppID: app, VersionID: version, Archive: archive, PublishedAt: "2026-01-0" + version + "T00:00:00Z",
	}))
}

func archiveOf(t tb, files map[string]string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	pkg, err := specs.Open(dir)
	require.NoError(t, err)
	archive, err := pkg.Archive()
	require.NoError(t, err)
	return archive
}

// scalable is what packages say that let their clusters grow and shrink.
var scalable = top{"advanced_actions": []string{"scale_horizontal"}}

// with changes attributes of a role.
func with(role map[string]any, attributes ...any) map[string]any {
	for i := 0; i < len(attributes); i += 2 {
		role[attributes[i].(string)] = attributes[i+1]
	}
	return role
}

// service replaces a service of a role by one with these attributes.
func service(role map[string]any, name string, attributes map[string]any) map[string]any {
	role["services"].(map[string]any)[name] = attributes
	return role
}
