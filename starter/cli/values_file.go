package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"drover/fault"
	"drover/specs"
)

// maxValues bounds a values file; a workflow's input may not be larger than 2 MiB.
const maxValues = 512 << 10

func (v *valueFlags) readFile(stdin io.Reader) (map[string]any, error) {
	var reader = stdin
	if v.file != "-" {
		f, err := os.Open(v.file)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "cannot read %s", v.words.file)
		}
		defer f.Close()
		reader = f
	}
	data, err := io.ReadAll(io.LimitReader(reader, maxValues+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot read %s %s", v.words.file, v.file)
	}
	if len(data) > maxValues {
		return nil, fault.New(fault.Invalid, "%s %s is larger than %d KiB", v.words.file, v.file, maxValues>>10)
	}
	return v.parse(data)
}

// parse reads JSON or YAML by the file's name, or by its first letter.
func (v *valueFlags) parse(data []byte) (map[string]any, error) {
	switch strings.ToLower(filepath.Ext(v.file)) {
	case ".json":
		return v.parseJSON(data)
	case ".yaml", ".yml":
		return v.parseYAML(data)
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return v.parseJSON(data)
	}
	return v.parseYAML(data)
}

func (v *valueFlags) parseJSON(data []byte) (map[string]any, error) {
	values, found := specs.ParseObject(v.file, data)
	var problems []string
	for _, d := range found {
		problems = append(problems, d.String())
	}
	return values, v.unusable("is not a JSON object", problems)
}

// parseYAML reads one YAML mapping whose scalars stay the text that was written, as --set has it: the package knows the
// type, and YAML's own guesses would change versions, dates and numbers with leading zeros.
func (v *valueFlags) parseYAML(data []byte) (map[string]any, error) {
	values := map[string]any{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var problems []string
	for n := 1; ; n++ {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && (len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null") {
			continue
		}
		if err == nil && n > 1 && len(values) > 0 {
			problems = append(problems, at(&doc, "a second document; only one can be used"))
			continue
		}
		if err == nil {
			problems = append(problems, asWritten(&doc)...)
			err = decodeMapping(&doc, &values, len(problems) > 0)
		}
		if err != nil {
			problems = append(problems, lineOf(err))
			break
		}
	}
	return values, v.unusable("is not a YAML mapping of names to values", problems)
}

func decodeMapping(doc *yaml.Node, values *map[string]any, wrong bool) error {
	if wrong {
		return nil
	}
	return doc.Decode(values)
}

// asWritten makes texts of all scalars but null, and lists what would be lost or cannot be a value.
func asWritten(n *yaml.Node) (problems []string) {
	switch n.Kind {
	case yaml.MappingNode:
		seen := map[string]int{}
		for i := 0; i < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			switch before, twice := seen[key.Value]; {
			case key.Kind != yaml.ScalarNode:
				problems = append(problems, at(key, "a key must be text"))
			case twice:
				problems = append(problems, at(key, fmt.Sprintf("duplicate key %q, first in line %d", key.Value, before)))
			case key.ShortTag() != "!!merge":
				key.Tag = "!!str"
			}
			seen[key.Value] = key.Line
			problems = append(problems, asWritten(value)...)
		}
	case yaml.ScalarNode:
		switch tag := n.ShortTag(); {
		case tag == "!!null":
		case slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}, tag):
			n.Tag = "!!str"
		default:
			problems = append(problems, at(n, "the tag "+tag+" cannot be used"))
		}
	default:
		for _, child := range n.Content {
			problems = append(problems, asWritten(child)...)
		}
	}
	return problems
}

func at(n *yaml.Node, problem string) string { return fmt.Sprintf("line %d: %s", n.Line, problem) }

var yamlLine = regexp.MustCompile(`line \d+`)

// lineOf is what of a YAML error can be shown: its text may repeat values.
func lineOf(err error) string {
	if line := yamlLine.FindString(err.Error()); line != "" {
		return line + " cannot be read"
	}
	return "it cannot be read"
}

func (v *valueFlags) unusable(what string, problems []string) error {
	var f *fault.Fault
	switch len(problems) {
	case 0:
		return nil
	case 1:
		f = fault.New(fault.Invalid, "%s %s %s: %s", v.words.file, v.file, what, problems[0])
	default:
		f = fault.New(fault.Invalid, "%s %s %s: %d problems", v.words.file, v.file, what, len(problems))
		f.Problems = problems
	}
	return f.WithHint("write a mapping like etcd_node: {count: 3}, each name once")
}
