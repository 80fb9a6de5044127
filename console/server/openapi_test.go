package server

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"testing"

	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write console/openapi.json")

func TestTheDocumentIsTheOneCheckedIn(t *testing.T) {
	t.Parallel()
	a := humago.New(http.NewServeMux(), config("v1"))
	(&Server{}).routes(a)
	text, err := json.Marshal(a.OpenAPI())
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, text, "", "  "))
	out.WriteByte('\n')
	const file = "../openapi.json"
	if *update {
		require.NoError(t, os.WriteFile(file, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String(), "run: go test ./console/server -run TheDocument -update")
}
