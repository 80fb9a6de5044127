package apps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

// Scripted is an application of one role "a", small, whose commands are a test's. It may be upgraded to from version 1.
type Scripted struct {
	Type, Image string // of its containers
	Volume      string // where it is mounted
	Count       int
	Services    map[string]string // lines of shell
}

// Write gives a folder with its package.
func (s Scripted) Write(t *testing.T) string {
	t.Helper()
	services := map[string]any{}
	for name, cmd := range s.Services {
		services[name] = map[string]any{"cmd": cmd}
	}
	cluster, err := json.Marshal(map[string]any{
		"name": "scripted", "vxnet": "v", "advanced_actions": []string{"scale_horizontal"}, "upgrade_policy": []string{"1"},
		"nodes": []any{map[string]any{
			"role": "a", "count": s.Count, "cpu": 1, "memory": 256, "services": services,
			"container": map[string]any{"type": s.Type, "image": s.Image},
			"volume":    map[string]any{"size": 1, "mount_point": s.Volume},
		}},
	})
	require.NoError(t, err)
	dir := t.TempDir()
	config := `{"type":"array","properties":[{"key":"cluster","type":"array","properties":[]},{"key":"env","type":"array","properties":[]}]}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, specs.ConfigFile), []byte(config), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, specs.TemplateFile), cluster, 0o600))
	return dir
}

// Tracing puts before each line of shell that it appends the service's name, and more words, to a file.
func Tracing(file string, services map[string]string, words ...string) map[string]string {
	out := map[string]string{}
	for name, cmd := range services {
		line := name
		for _, w := range words {
			line += " " + w
		}
		out[name] = "echo " + line + " >> " + file + "; " + cmd
	}
	return out
}
