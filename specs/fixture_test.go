package specs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// role is what an entry of nodes[] needs at least; tests put it into templates.
const role = `"container": {"type": "docker", "image": "img"}, "cpu": 1, "memory": 512`

// packageOf makes a package of two texts.
func packageOf(t testing.TB, config, template string) *Package {
	t.Helper()
	p, err := newPackage("test", files{ConfigFile: []byte(config), TemplateFile: []byte(template)})
	require.NoError(t, err)
	return p
}

// configOf wraps env items into a config.json.
func configOf(items string) string {
	return `{"type": "array", "properties": [{"key": "env", "type": "array", "properties": [` + items + `]}]}`
}

// envPackage is a package with one env item, published as "x".
func envPackage(t testing.TB, key, item string) *Package {
	t.Helper()
	return packageOf(t, configOf(`{"key": "`+key+`", `+item+`}`), `{"name": "n", "nodes": [{"count": 1, `+role+`}], "env": {"x": {{env.`+key+`}}}}`)
}

// nodesPackage is a package without items whose cluster.json is given.
func nodesPackage(t testing.TB, template string) *Package {
	t.Helper()
	return packageOf(t, `{"properties": []}`, template)
}

// messages are the texts of findings, with paths.
func messages(ds Diagnostics) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.Path+": "+d.Message)
	}
	return out
}

func split(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
