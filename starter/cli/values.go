package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// valueFlags are single values and a file of values, as --set and --values. What they carry may be secret: no error repeats a
// value.
type valueFlags struct {
	words valueWords
	set   []string // path=value each
	file  string
	// complete makes a whole path of what people type; nil takes it as it is.
	complete func(path string) string
}

// valueWords name value flags in messages.
type valueWords struct{ one, file, like string }

var (
	configWords = valueWords{"--set", "--values", "etcd_node.count=3"}
	envWords    = valueWords{"value", "--values", "quota=4"}
	paramWords  = valueWords{"--param", "--params-file", "keep=3"}
)

func (v *valueFlags) bind(flags *pflag.FlagSet) {
	v.words = configWords
	flags.StringArrayVar(&v.set, "set", nil, "one value, `path=value`, read as the type the package declares; may be repeated and overrides --values")
	flags.StringVar(&v.file, "values", "", "values from a JSON or YAML `file`, nested or by path; - is JSON or YAML on standard input")
}

// read merges file and single values. Single values stay strings: the package knows the type, this side does not.
func (v *valueFlags) read(stdin io.Reader) (map[string]any, error) {
	values := map[string]any{}
	if v.file != "" {
		var err error
		if values, err = v.readFile(stdin); err != nil {
			return nil, err
		}
	}
	values, problems := v.completed(values)
	for i, assignment := range v.set {
		path, value, ok := strings.Cut(assignment, "=")
		path = strings.TrimSpace(path)
		if !ok || path == "" {
			problems = append(problems, fmt.Sprintf("%s number %d is not of the form path=value, like %s", v.words.one, i+1, v.words.like))
			continue
		}
		assign(values, v.whole(path), value)
	}
	if err := invalid("the values are invalid", problems); err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, nil
	}
	return values, nil
}

func (v *valueFlags) whole(path string) string {
	if v.complete == nil {
		return path
	}
	return v.complete(path)
}

// completed makes whole paths of the file's outermost names.
func (v *valueFlags) completed(values map[string]any) (out map[string]any, problems []string) {
	out = make(map[string]any, len(values))
	for path, value := range values {
		whole := v.whole(path)
		if _, twice := out[whole]; twice {
			problems = append(problems, fmt.Sprintf("%s %s sets %s twice", v.words.file, v.file, whole))
		}
		out[whole] = value
	}
	return out, problems
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
