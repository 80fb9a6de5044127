package histories

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metadata"
	"drover/specs"
)

// app is an application that has every service Drover knows, in as few roles as that takes.
type app struct {
	id    string
	roles []map[string]any
	// sequential takes nodes one after the other when they are scaled or upgraded.
	sequential bool
	policy     string // backup_policy
}

// role makes one role of so many nodes; services are "name attribute=value ...".
func role(name string, count int, services ...string) map[string]any {
	defined := map[string]any{}
	for _, s := range services {
		words := strings.Fields(s)
		service := map[string]any{"cmd": "run " + words[0]}
		for _, w := range words[1:] {
			key, value, _ := strings.Cut(w, "=")
			var v any
			if json.Unmarshal([]byte(value), &v) != nil {
				v = value
			}
			service[key] = v
		}
		defined[words[0]] = service
	}
	return map[string]any{
		"role": name, "count": count, "cpu": 1, "memory": 512, "services": defined,
		"volume": map[string]any{"size": 1, "mount_point": "/data"},
	}
}

// small is the application of the recordings: a has everything, b starts after it and cannot be stopped.
func small() app {
	a := role("a", 2, "init", "start", "stop order=1", "restart", "destroy allow_force=true", "scale_out pre_check=check",
		"scale_in", "upgrade", "rotate type=custom")
	a["custom_metadata"] = map[string]any{"cmd": "token"}
	return app{id: "small", roles: []map[string]any{a, role("b", 1, "init post_start_service=true", "start order=1", "upgrade order=1 post_start_service=true")}}
}

// stored is the application that is backed up.
func stored() app {
	return app{id: "stored", policy: "device", roles: []map[string]any{role("a", 2, "start", "stop", "backup", "restore")}}
}

// commanded is the application whose own commands make its backups.
func commanded() app {
	return app{id: "commanded", policy: "custom", roles: []map[string]any{role("a", 2, "start", "stop", "backup", "restore", "delete_snapshot")}}
}

// chain is the application that takes one node after the other.
func chain(count int) app {
	return app{id: "chain" + strconv.Itoa(count), sequential: true, roles: []map[string]any{role("a", count, "start", "stop", "upgrade")}}
}

// archive packs a version; version 2 follows version 1.
func (a app) archive(t *testing.T, version int) []byte {
	t.Helper()
	image := "image-" + strconv.Itoa(version)
	roles := make([]map[string]any, 0, len(a.roles))
	for _, r := range a.roles {
		r["container"] = map[string]any{"type": "fake", "image": image}
		if a.sequential {
			r["vertical_scaling_policy"] = "sequential"
		}
		roles = append(roles, r)
	}
	cluster := map[string]any{
		"name": a.id, "vxnet": "net", "nodes": roles, "advanced_actions": []string{"scale_horizontal"},
		"env": map[string]any{"quota": "{{env.quota}}"},
	}
	if a.policy != "" {
		cluster["backup_policy"] = a.policy
	}
	if version > 1 {
		cluster["upgrade_policy"] = []string{strconv.Itoa(version - 1)}
	}
	if a.sequential {
		cluster["upgrading_policy"] = "sequential"
	}
	text, err := json.Marshal(cluster)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"config.json": `{"type":"array","properties":[{"key":"cluster","type":"array","properties":[]},` +
			`{"key":"env","type":"array","properties":[{"key":"quota","label":"Quota","description":"Quota","type":"integer","default":1,"changeable":true}]}]}`,
		"cluster.json.mustache": string(text),
		"locale/en.json":        `{"err_code77": "the data is still needed"}`,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	pkg, err := specs.Open(dir)
	require.NoError(t, err)
	archive, err := pkg.Archive()
	require.NoError(t, err)
	return archive
}

// publish makes versions 1 and 2 of an application available.
func (w *world) publish(a app) {
	w.t.Helper()
	for version := range 2 {
		require.NoError(w.t, w.store.PutApp(w.t.Context(), metadata.App{
			AppID: a.id, VersionID: strconv.Itoa(version + 1), Archive: a.archive(w.t, version+1), PublishedAt: "2026-01-01T00:00:00Z",
		}))
	}
}
