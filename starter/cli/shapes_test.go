package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"drover/tests/stack/tree"
)

// silent are commands that print nothing for programs.
var silent = []string{"codec-server"}

// Every command has a shape, and every shape its commands.
func TestEveryCommandHasAShape(t *testing.T) {
	t.Parallel()
	known := slices.Clone(silent)
	for _, s := range Shapes() {
		for _, c := range s.Commands {
			if name := strings.TrimSuffix(c, " --follow"); name == c {
				require.NotContains(t, known, c, "two shapes")
				known = append(known, c)
			}
		}
	}
	var found []string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if !c.HasSubCommands() {
			found = append(found, commandName(c))
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(newApp(System{}).root())
	require.ElementsMatch(t, found, known)
}

func commandName(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), "drover ") }

// schemas are the stored schemas by name.
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	root, err := tree.Root()
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	out := map[string]*jsonschema.Schema{}
	for _, s := range Shapes() {
		if out[s.Name], err = c.Compile(filepath.Join(root, "docs/json", s.Name+".schema.json")); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// matches compares what a command line printed for programs with its schema, and what it complained with that of errors.
func (c *call) matches(t *testing.T) {
	t.Helper()
	a := newApp(c.System)
	cmd, args, err := a.root().Find(c.Args)
	if err != nil || cmd.HasSubCommands() || cmd.ParseFlags(args) != nil || a.format != "json" {
		return
	}
	stored, err := schemas()
	require.NoError(t, err)
	name := commandName(cmd)
	if follow := cmd.Flags().Lookup("follow"); follow != nil && follow.Changed {
		name += " --follow"
	}
	shape := slices.IndexFunc(Shapes(), func(s Shape) bool { return slices.Contains(s.Commands, name) })
	if shape == -1 {
		require.Contains(t, silent, name)
		return
	}
	fits(t, stored[Shapes()[shape].Name], c.stdout.String(), Shapes()[shape].Lines)
	if errs := c.stderr.String(); strings.HasPrefix(errs, "{") {
		fits(t, stored["error"], errs, false)
	}
}

func fits(t *testing.T, schema *jsonschema.Schema, text string, lines bool) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	for n := 0; ; n++ {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if err == io.EOF {
			return
		}
		require.NoError(t, err, text)
		require.True(t, lines || n == 0, "more than one value: %s", text)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(value), "%s", raw)
	}
}

// A schema is of use only when it refuses something.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	stored, err := schemas()
	require.NoError(t, err)
	for name, text := range map[string]string{
		"clusters": `[]`, "nodes": `{"items": null}`, "operations": `{"operations": []}`, "version": `{"version": 1, "go": "", "temporal_sdk": ""}`,
		"status": `{"cluster": null}`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		require.Error(t, stored[name].Validate(value), "%s: %s", name, text)
	}
}
