package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"drover/fault"
)

// valueFlags are --set and --values. What they carry may be secret: no error repeats a value.
type valueFlags struct {
	set  []string
	file string
}

// maxValues bounds a values file; a workflow's input may not be larger than 2 MiB.
const maxValues = 512 << 10

func (v *valueFlags) bind(flags *pflag.FlagSet) {
	flags.StringArrayVar(&v.set, "set", nil, "one value, `path=value`, read as the type the package says; may be repeated and wins over --values")
	flags.StringVar(&v.file, "values", "", "values from a JSON or YAML `file`, nested or by path; - is JSON or YAML on standard input")
}

// read merges file and --set. Values of --set stay strings: the package knows the type, this side does not.
func (v *valueFlags) read(stdin io.Reader) (map[string]any, error) {
	values := map[string]any{}
	if v.file != "" {
		var err error
		if values, err = readValues(v.file, stdin); err != nil {
			return nil, err
		}
	}
	var problems []string
	for i, assignment := range v.set {
		path, value, ok := strings.Cut(assignment, "=")
		path = strings.TrimSpace(path)
		if !ok || path == "" {
			problems = append(problems, fmt.Sprintf("--set number %d has no form path=value, like etcd_node.count=3", i+1))
			continue
		}
		assign(values, path, value)
	}
	if err := invalid("--set cannot be used", problems); err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, nil
	}
	return values, nil
}

// assign replaces the value of path where the file has it, however the file nests it, and else adds it by its path.
// Keys may contain dots themselves, so every split of the path is tried.
func assign(values map[string]any, path string, value any) {
	if !replace(values, path, value) {
		values[path] = value
	}
}

func replace(values map[string]any, path string, value any) bool {
	if _, ok := values[path]; ok {
		values[path] = value
		return true
	}
	for i := range path {
		if path[i] != '.' {
			continue
		}
		if nested, ok := values[path[:i]].(map[string]any); ok && replace(nested, path[i+1:], value) {
			return true
		}
	}
	return false
}

func readValues(file string, stdin io.Reader) (map[string]any, error) {
	var reader = stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "cannot read --values")
		}
		defer f.Close()
		reader = f
	}
	data, err := io.ReadAll(io.LimitReader(reader, maxValues+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot read --values %s", file)
	}
	if len(data) > maxValues {
		return nil, fault.New(fault.Invalid, "--values %s is larger than %d KiB", file, maxValues>>10)
	}
	return parseValues(file, data)
}

// parseValues reads JSON by the file's name or its first letter, else YAML. Numbers keep their digits.
func parseValues(file string, data []byte) (map[string]any, error) {
	values := map[string]any{}
	trimmed := strings.TrimSpace(string(data))
	if filepath.Ext(file) == ".json" || strings.HasPrefix(trimmed, "{") {
		d := json.NewDecoder(strings.NewReader(trimmed))
		d.UseNumber()
		if err := d.Decode(&values); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "--values %s is no JSON object", file)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return nil, fault.New(fault.Invalid, "--values %s has text after its JSON object", file)
		}
		return values, nil
	}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fault.New(fault.Invalid, "--values %s is no YAML of names and values", file).
			WithHint("the file is a mapping like etcd_node: {count: 3}")
	}
	// YAML can say more than JSON, which is what a workflow's input is: keys that are numbers, infinite numbers.
	if _, err := json.Marshal(values); err != nil {
		return nil, fault.New(fault.Invalid, "--values %s cannot be written as JSON", file).
			WithHint("keys must be text and numbers finite; put quotes around keys like 1 or true")
	}
	return values, nil
}
