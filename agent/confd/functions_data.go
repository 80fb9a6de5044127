package confd

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"text/template"

	"gopkg.in/yaml.v2"
)

var dataFunctions = template.FuncMap{
	"json":      parseJSON[map[string]any],
	"jsonArray": parseJSON[[]any],
	"fromJson":  parseJSON[any],
	"toJson": func(v any) (string, error) {
		out, err := json.Marshal(v)
		return string(out), err
	},
	"toPrettyJson": func(v any) (string, error) {
		out, err := json.MarshalIndent(v, "", "  ")
		return string(out), err
	},
	"toYaml":       toYaml,
	"base64Encode": func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"base64Decode": func(text string) (string, error) {
		out, err := base64.StdEncoding.DecodeString(text)
		return string(out), err
	},
	"sha256sum": func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	},
}

// toYaml is written by the older YAML library, as packages know it: it quotes "yes" and "1:30", indents no lists inside maps
// and folds long lines at spaces.
func toYaml(v any) (string, error) {
	out, err := yaml.Marshal(v)
	return string(out), err
}

// parseJSON reads one JSON value of the wanted shape; numbers become floats.
func parseJSON[T any](text string) (T, error) {
	var v T
	err := json.Unmarshal([]byte(text), &v)
	return v, err
}
