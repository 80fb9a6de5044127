package specs

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

func compiled(t *testing.T, title string, vocabulary []Object) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(title, vocabulary)))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json")
	require.NoError(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return s.Validate(doc)
}

// TestSchemas: what lint accepts, the schemas accept, and unknown keys they refuse too.
func TestSchemas(t *testing.T) {
	t.Parallel()
	config, cluster := compiled(t, "config.json", ConfigVocabulary()), compiled(t, "cluster.json", ClusterVocabulary())
	dirs := []string{"testdata/packages/lantern", "testdata/packages/solo"}
	real, err := filepath.Glob(filepath.Join(corpusDir, "*"))
	require.NoError(t, err)
	for _, dir := range append(dirs, real...) {
		p, err := Open(dir)
		require.NoError(t, err)
		require.NoError(t, validate(t, config, p.files[ConfigFile]), dir)
		text, _, err := p.RenderJSON(t.Context(), corpusValues[filepath.Base(dir)])
		require.NoError(t, err)
		require.NoError(t, validate(t, cluster, text), dir)
	}
	for _, wrong := range []string{
		`{"properties": [{"key": "env", "properties": [{"key": "a", "defualt": 1}]}]}`,
		`{"properties": [{"key": "env", "properties": [{"key": "a", "type": "color"}]}]}`,
		`{"properties": [{"key": "env", "properties": [{"key": "a", "dependencies": [{"ref": "b"}]}]}]}`,
	} {
		require.Error(t, validate(t, config, []byte(wrong)), wrong)
	}
	for _, wrong := range []string{
		`{"nodes": [{"memroy": 1}]}`, `{"nodes": [{"services": {"start": {"timout": 1}}}]}`, `{"nodes": [{"cpu": true}]}`,
		`{"upgrading_policy": "slow"}`, `{"health_check": {"interval": 1}}`, `{"endpoints": {"a": {"prot": 1}}}`,
	} {
		require.Error(t, validate(t, cluster, []byte(wrong)), wrong)
	}
	require.NoError(t, validate(t, cluster, []byte(`{"x-mine": 1, "nodes": [{"x-note": {}, "services": {"my own": {"cmd": "a", "x-why": []}}}]}`)))
}
