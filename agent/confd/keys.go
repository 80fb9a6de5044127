package confd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"drover/fault"
)

// ReadKeys reads template keys from one JSON object: flat ({"/host/ip": "10.0.0.2"}), or nested as the metadata service
// of a node prints it ({"host": {"ip": "10.0.0.2"}}). Numbers and booleans are taken as their text.
func ReadKeys(from io.Reader) (map[string]string, error) {
	dec := json.NewDecoder(from)
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the keys are not one JSON object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fault.New(fault.Invalid, "the keys are one JSON object, but more follows after it")
	}
	kv := map[string]string{}
	var problems []string
	flatten(kv, "", object, &problems)
	if len(problems) > 0 {
		slices.Sort(problems)
		f := fault.New(fault.Invalid, "%d keys have no usable value: %s", len(problems), strings.Join(problems, "; "))
		f.Problems = problems
		return nil, f
	}
	return kv, nil
}

func flatten(kv map[string]string, folder string, object map[string]any, problems *[]string) {
	for name, value := range object {
		key := folder + "/" + strings.TrimPrefix(name, "/")
		switch v := value.(type) {
		case string:
			kv[key] = v
		case json.Number:
			kv[key] = v.String()
		case bool:
			kv[key] = fmt.Sprint(v)
		case map[string]any:
			flatten(kv, key, v, problems)
		default:
			*problems = append(*problems, fmt.Sprintf("%s is %s, not text", key, jsonKind(v)))
		}
	}
}

func jsonKind(v any) string {
	if v == nil {
		return "null"
	}
	return "a list"
}
