package conformance

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/specs"
	"drover/tests/conformance/trace"
	"drover/workflows/api"
)

// object is a piece of cluster.json.
type object = map[string]any

// tracedApp is an application whose every command is the tracer.
type tracedApp struct {
	id      string
	roles   []object
	cluster object // more keys of cluster.json
}

func newApp(roles ...object) *tracedApp {
	return &tracedApp{id: "traced-" + activities.RandomID(), roles: roles, cluster: object{}}
}

// with adds keys of cluster.json.
func (a *tracedApp) with(more object) *tracedApp {
	maps.Copy(a.cluster, more)
	return a
}

// tracer is a command that reports under a name.
func tracer(name string) string { return trace.Program + " " + name }

// role is one entry of nodes. Services are "NAME [ATTRIBUTE=VALUE | ATTRIBUTE]...": an attribute without value is true,
// pre_check and selector without value are the tracer with the command NAME.pre_check and NAME.selector.
func role(name string, count int, services ...string) object {
	defined := object{}
	for _, s := range services {
		words := strings.Fields(s)
		service := object{"cmd": tracer(words[0])}
		for _, w := range words[1:] {
			key, text, given := strings.Cut(w, "=")
			var value any = true
			switch {
			case given && json.Unmarshal([]byte(text), &value) != nil:
				value = text
			case !given && (key == "pre_check" || key == "selector"):
				value = tracer(words[0] + "." + key)
			}
			service[key] = value
		}
		defined[words[0]] = service
	}
	r := object{
		"count": count, "cpu": 1, "memory": 256, "services": defined,
		"container": object{"type": "local", "image": images[0]},
		"volume":    object{"size": 1, "mount_point": "/data"},
	}
	if name != "" {
		r["role"] = name
	}
	return r
}

// and adds keys to a role.
func and(r object, more object) object {
	out := maps.Clone(r)
	maps.Copy(out, more)
	return out
}

// config.json: what every traced application lets its users choose. Texts in template stand for mustache.
const config = `{"type": "array", "properties": [
  {"key": "cluster", "type": "array", "properties": [
    {"key": "upstream", "type": "service", "default": "", "required": "no"}]},
  {"key": "env", "type": "array", "properties": [
    {"key": "level", "type": "string", "default": "low", "required": "no"},
    {"key": "port", "type": "integer", "default": 4000, "required": "no"},
    {"key": "fixed", "type": "string", "default": "stays", "required": "no", "changeable": false}]},
  {"key": "service_params", "type": "array", "properties": [
    {"key": "depth", "type": "integer", "default": 3, "required": "no"},
    {"key": "note", "type": "string", "default": "", "required": "no"}]}
]}`

// template is cluster.json.mustache. Values "<name>" become placeholders.
func (a *tracedApp) template(t *testing.T) string {
	t.Helper()
	cluster := object{
		"name": "traced", "vxnet": "net", "nodes": a.roles,
		"env":       object{"level": "<env.level>", "port": "<env.port>", "fixed": "<env.fixed>"},
		"links":     object{"upstream": "<cluster.upstream>"},
		"endpoints": object{"front": object{"port": "env.port", "protocol": "tcp"}},
	}
	maps.Copy(cluster, a.cluster)
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(cluster))
	return strings.NewReplacer(`"<`, "{{", `>"`, "}}").Replace(text.String())
}

// publish makes the application available under a version.
func (a *tracedApp) publish(t *testing.T, version string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config.json": config, "cluster.json.mustache": a.template(t),
		"locale/en.json": `{"err_code77": "the data is still needed"}`,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	pkg, err := specs.Open(dir)
	require.NoError(t, err)
	archive, err := pkg.Archive()
	require.NoError(t, err)
	_, err = execute[api.AppView](t, "app/"+a.id+"/"+version, api.PublishApp,
		api.PublishAppInput{App: a.id, Version: version, Archive: archive})
	require.NoError(t, err)
}
