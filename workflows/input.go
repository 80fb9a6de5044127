package workflows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
	"drover/workflows/api"
)

// decode reads the one JSON input of a workflow strictly: unknown fields, wrong types and bad values are refused, all
// of them at once. (The SDK's own decoding ignores unknown fields and thus typing errors.)
func decode(raw converter.RawValue, into any) error {
	problems := strictly(raw, into)
	if len(problems) == 0 {
		return nil
	}
	operation := strings.TrimSuffix(reflect.TypeOf(into).Elem().Name(), "Input")
	f := fault.New(fault.Invalid, "the input of %s is not valid: %s", operation, strings.Join(problems, "; "))
	f.Problems = problems
	return f.WithHint("an example: drover example %s", operation)
}

// strictly decodes one JSON object and lists everything that is wrong with it.
func strictly(raw converter.RawValue, into any) []string {
	data := raw.Payload().GetData()
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}")
	}
	var fields map[string]json.RawMessage
	err := json.Unmarshal(data, &fields)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return []string{fmt.Sprintf("it must be one JSON object: %v, at byte %d", err, syntax.Offset)}
	case err != nil || fields == nil:
		return []string{"it must be one JSON object, got " + jsonKind(data)}
	}
	known := map[string]reflect.Value{}
	names := fieldsOf(reflect.ValueOf(into).Elem(), known)
	problems := givenTwice(data)
	for _, name := range workflow.DeterministicKeys(fields) {
		field, ok := known[name]
		if !ok {
			problems = append(problems, fmt.Sprintf("unknown field %q (known: %s)", name, strings.Join(names, ", ")))
			continue
		}
		if err := json.Unmarshal(fields[name], field.Addr().Interface()); err != nil {
			problems = append(problems, name+": "+mismatch(field.Type(), fields[name], err))
		}
	}
	if checked, ok := into.(interface{ Problems() []string }); ok && len(problems) == 0 {
		problems = checked.Problems()
	}
	return problems
}

// mismatch says what does not fit a field, without its content: values may be secret.
func mismatch(want reflect.Type, data json.RawMessage, err error) string {
	var inner *json.UnmarshalTypeError
	got := jsonKind(data)
	if errors.As(err, &inner) && (got == "a list" || got == "an object") && kindName(inner.Type) != kindName(want) {
		kind, _, _ := strings.Cut(inner.Value, " ")
		return fmt.Sprintf("want %s in %s, got %s", kindName(inner.Type), got, kindsOfJSON[kind])
	}
	if got == "a number" && kindName(want) == wholeNumber {
		got = "a fraction or a number that is too large"
	}
	return fmt.Sprintf("want %s, got %s", kindName(want), got)
}

// kindsOfJSON are jsonKind's words for those of encoding/json.
var kindsOfJSON = map[string]string{
	"object": "an object", "array": "a list", "string": "a text", "bool": "true or false", "number": "a number", "null": "null",
}

// givenTwice lists the fields that the object has more than once: one of the values would win silently.
func givenTwice(data []byte) []string {
	d := json.NewDecoder(bytes.NewReader(data))
	_, _ = d.Token() // the brace
	var problems []string
	seen := map[string]int{}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			break // the object was read as a whole before
		}
		key, _ := name.(string)
		if seen[key]++; seen[key] == 2 {
			problems = append(problems, fmt.Sprintf("%s: given twice", key))
		}
	}
	return problems
}

// fieldsOf collects the JSON fields of a struct, those of embedded structs included, and returns their names in order.
func fieldsOf(target reflect.Value, known map[string]reflect.Value) []string {
	var names []string
	for i := range target.NumField() {
		field := target.Type().Field(i)
		if field.Anonymous {
			names = append(names, fieldsOf(target.Field(i), known)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known[name] = target.Field(i)
		names = append(names, name)
	}
	return names
}

const wholeNumber = "a whole number"

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindName(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return wholeNumber
	case reflect.Map:
		return "an object"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "base64 text"
		}
		return "a list"
	}
	return "a text"
}

// jsonKind names the kind of a JSON value without its content: values may be secret.
func jsonKind(data json.RawMessage) string {
	switch data = bytes.TrimSpace(data); {
	case len(data) == 0:
		return "nothing"
	case data[0] == '{':
		return "an object"
	case data[0] == '[':
		return "a list"
	case data[0] == '"':
		return "a text"
	case data[0] == 't', data[0] == 'f':
		return "true or false"
	case data[0] == 'n':
		return "null"
	}
	return "a number"
}

// onlyPlanned refuses to change a cluster under the id of a dry run: the id keeps nothing else from changing it too.
func onlyPlanned(operation, workflowID string, dryRun bool) error {
	id, planned := api.PlannedCluster(workflowID)
	if !planned || dryRun {
		return nil
	}
	return fault.New(fault.Invalid, "%s was started under the workflow id %q, which is for dry runs, without dry_run", operation, workflowID).
		WithHint("start it again with workflow id %s, or with dry_run: true", api.WorkflowID(id))
}

// ownID takes the cluster's id out of the workflow's own id, or refuses, naming the right form.
func ownID(operation, workflowID string) (string, error) {
	for _, of := range []func(string) (string, bool){api.ClusterIDOf, api.PlannedCluster} {
		if id, ok := of(workflowID); ok {
			return id, nil
		}
	}
	return "", fault.New(fault.Invalid, "%s was started under the workflow id %q; operations of a cluster run under the id %q",
		operation, workflowID, "cluster/cl-xxxxxxxx").
		WithHint("start it again with workflow id %s (cl- and 8 lower-case letters or digits); the id keeps two operations from running on one cluster",
			api.WorkflowID("cl-xxxxxxxx"))
}
