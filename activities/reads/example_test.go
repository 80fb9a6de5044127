package reads

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
	"drover/workflows/api"
)

var update = flag.Bool("update", false, "write testdata/etcd.json")

// The tests of the console's pages draw their forms from this file.
func TestTheExampleIsDescribedAsThePagesKnowIt(t *testing.T) {
	t.Parallel()
	pkg, err := specs.Open(filepath.Join("..", "..", "packages", "etcd", "package"))
	require.NoError(t, err)
	out := api.AppDetail{AppView: api.AppView{App: "etcd", Version: "3.6.1", Roles: []string{"etcd_node"}}}
	describe(t.Context(), pkg, &out)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(out))
	const file = "testdata/etcd.json"
	if *update {
		require.NoError(t, os.WriteFile(file, text.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text.String(), "run: go test ./activities/reads -run TheExample -update")
}
