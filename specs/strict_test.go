package specs

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnknownKeys: lint refuses what a typing error makes of a key; a package that was published before stays usable.
func TestUnknownKeys(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ node, cluster, want string }{
		"of the cluster":      {"", `"upgrade_polcy": []`, `upgrade_polcy: unknown key "upgrade_polcy" of a cluster (did you mean upgrade_policy?)`},
		"of a role":           {`"memroy": 1`, "", `nodes[0].memroy: unknown key "memroy" of a role (did you mean memory?)`},
		"of a service":        {`"services": {"start": {"cmd": "x", "timout": 5}}`, "", `nodes[0].services.start.timout: unknown key "timout" of a service (did you mean timeout?)`},
		"of nothing near":     {`"services": {"start": {"cmd": "x", "retries": 5}}`, "", `unknown key "retries" of a service; keys of your own begin with x-`},
		"of a volume":         {`"volume": {"size": 10, "mountpoint": "/d"}`, "", "did you mean mount_point?"},
		"of a health check":   {"", `"health_check": {"interval": 5}`, `unknown key "interval" of a health check`},
		"of a monitor item":   {"", `"monitor": {"items": {"a": {"units": "B"}}}`, "monitor.items.a.units"},
		"of an endpoint":      {"", `"endpoints": {"e": {"port": 80, "proto": "tcp"}}`, "endpoints.e.proto"},
		"custom without text": {`"services": {"x": {"type": "custom", "cmd": " "}}`, "", `custom service "x" has no command`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := nodesPackage(t, overlay(t, tc.node, tc.cluster))
			found := Lint(t.Context(), p).Errors()
			require.Len(t, found, 1)
			require.Contains(t, found[0].String(), tc.want)
			_, diags, err := p.Render(t.Context(), nil)
			require.NoError(t, err)
			require.Contains(t, lines(diags.Warnings()), tc.want)
		})
	}
}

func TestUnknownKeysOfConfig(t *testing.T) {
	t.Parallel()
	found := Lint(t.Context(), envPackage(t, "v", `"type": "string", "defualt": "a", "x-note": 1, "dependencies": [{"refkey": "v2", "values": [], "value": []}]`)).Errors()
	require.Len(t, found, 3)
	require.Contains(t, found[0].String(), `no item "v2" in the same group`)
	require.Contains(t, found[1].String(), `config.json:1:`)
	require.Contains(t, found[1].String(), `env.v: unknown key "defualt" of an item (did you mean default?)`)
	require.Contains(t, found[2].String(), `unknown key "value" of a dependency (did you mean values?)`)
}

// TestOwnKeys: what begins with x- may stand in every object.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	p := nodesPackage(t, overlay(t, `"x-owner": {"any": 1}, "services": {"start": {"cmd": "x", "x-note": "y"}}`, `"x-notes": []`))
	require.Empty(t, Lint(t.Context(), p))
}

// TestKeysWithoutEffect are named once each, and not when their value asks for nothing.
func TestKeysWithoutEffect(t *testing.T) {
	t.Parallel()
	p := nodesPackage(t, `{"need_tag": false, "exclude_node_columns": [], "multi_zone_policy": "", "nodes": [
		{"role": "a", "count": 1, "cpu_model": "Haswell", `+role+`}, {"role": "b", "count": 1, "cpu_model": "Skylake", `+role+`}]}`)
	require.Equal(t, []string{`nodes[0].cpu_model: "cpu_model" of a role is known and has no effect: the provider decides`}, messages(Lint(t.Context(), p)))
}

// TestVocabulary: every object that is named exists, and every key has what the reference prints.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	for _, vocabulary := range [][]Object{ClusterVocabulary(), ConfigVocabulary()} {
		seen := map[string]bool{}
		for _, o := range vocabulary {
			require.False(t, seen[o.Name], "%s twice", o.Name)
			seen[o.Name] = true
			require.NotEmpty(t, o.Purpose, o.Name)
			require.True(t, o.Open || o.Members != "" || len(o.Fields) > 0, o.Name)
			require.True(t, o.Members == "" || objectNamed(vocabulary, o.Members) != nil, o.Members)
			for _, f := range slices.Concat(o.Fields, o.Named) {
				require.NotEmpty(t, f.Meaning, o.Name+"."+f.Name)
				require.False(t, strings.HasSuffix(f.Meaning, "."), f.Meaning)
				require.True(t, f.Object == "" || f.Object == "group" || objectNamed(vocabulary, f.Object) != nil, "%s.%s: %s", o.Name, f.Name, f.Object)
			}
		}
	}
}

// TestVocabularyIsComplete: every key that rendering reads is in the vocabulary, so that no package is refused for it.
func TestVocabularyIsComplete(t *testing.T) {
	t.Parallel()
	c := &Cluster{}
	for _, pair := range []struct {
		object string
		value  any
		except []string
	}{
		{"cluster", c, []string{"roles", "reserved_ips", "incremental_backup_supported", "extra", "secrets"}},
		{"role", Role{}, []string{"replica_of", "min_count", "items", "extra"}},
		{"service", Service{}, []string{"name", "param_items", "custom", "extra"}},
		{"monitor", Monitor{}, nil}, {"container", Container{}, nil}, {"custom_metadata", CustomMetadata{}, nil}, {"endpoint", Endpoint{}, nil},
	} {
		o := objectNamed(clusterVocabulary, pair.object)
		for _, name := range jsonNames(t, pair.value) {
			if !slices.Contains(pair.except, name) {
				_, known := o.Field(name)
				require.True(t, known, "%s.%s", pair.object, name)
			}
		}
	}
}

// jsonNames are the names of a struct's fields as JSON.
func jsonNames(t *testing.T, v any) []string {
	t.Helper()
	var out []string
	for typ, i := reflect.Indirect(reflect.ValueOf(v)).Type(), 0; i < typ.NumField(); i++ {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		out = append(out, name)
	}
	require.NotEmpty(t, out)
	return out
}
