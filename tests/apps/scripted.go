package apps

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps/builder"
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
	role := builder.NewRole("a", s.Count).Boots(s.Type, s.Image).Shell(s.Services).
		Set("volume", builder.Object{"size": 1, "mount_point": s.Volume})
	dir := t.TempDir()
	require.NoError(t, builder.New("scripted", role).Scalable().UpgradesFrom("1").Write(dir))
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
