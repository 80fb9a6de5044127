package specs

import (
	"encoding/json"
	"fmt"
	"strings"
)

// scalar items have numbers or booleans as values.
func (it *Item) scalar() bool {
	switch it.Type {
	case "integer", "number", "boolean":
		return !it.MultiChoice
	}
	return false
}

// textual items have strings as values.
func (it *Item) textual() bool {
	return it.MultiChoice || !it.scalar() && !it.resource() && it.Type != "array"
}

// resource items name things outside the package: strings, or lists where the package treats them as lists.
func (it *Item) resource() bool {
	if it.MultiChoice {
		return false
	}
	switch it.Type {
	case "loadbalancer", "accesskey", "eip", "vxnet", "service":
		return true
	}
	return false
}

// listed items have lists as values: by type, or because their default is one.
func (it *Item) listed() bool {
	if it.MultiChoice {
		return false
	}
	_, list := it.Default.([]any)
	return list || it.Type == "array"
}

// strictness of a conversion: a string item takes 2.11 as text when the package's author wrote it as default, and not
// when a user did, because 2.10 would become 2.1 unseen.
type strictness bool

const (
	strict  strictness = false
	lenient strictness = true
)

// convert gives plain data of the item's type. Strings are read as the declared type, since values from a command line
// are strings. When it cannot be done it says what is expected, as in "an integer".
func (it *Item) convert(raw any, mode strictness) (v any, want string) {
	raw, err := plainData(raw)
	if err != nil {
		return nil, "a plain value (" + err.Error() + ")"
	}
	if it.MultiChoice {
		return it.convertChoice(raw)
	}
	switch {
	case it.Type == "integer":
		return convertInteger(raw)
	case it.Type == "number":
		return convertNumber(raw)
	case it.Type == "boolean":
		return convertBoolean(raw)
	case it.Type == typeAccessKey:
		return convertAccessKey(raw, mode)
	case it.resource() || it.Type == "array":
		return it.convertResource(raw)
	}
	switch t := raw.(type) {
	case string:
		return t, ""
	case json.Number, bool:
		if mode == lenient {
			return textOf(t), ""
		}
		return nil, "a string (write it in quotes)"
	}
	return nil, "a string"
}

func convertInteger(raw any) (any, string) {
	text := ""
	switch t := raw.(type) {
	case json.Number:
		text, _ = shortest(t.String())
	case string:
		if isInteger(t) {
			text, _ = shortest(t)
		}
	}
	if !isInteger(text) {
		return nil, "an integer"
	}
	if _, err := json.Number(text).Int64(); err != nil {
		return nil, "an integer of at most 64 bits"
	}
	return json.Number(text), ""
}

func convertNumber(raw any) (any, string) {
	text := ""
	switch t := raw.(type) {
	case json.Number:
		text = t.String()
	case string:
		text = t
	}
	if s, ok := shortest(text); ok {
		return json.Number(s), ""
	}
	return nil, "a number"
}

func convertBoolean(raw any) (any, string) {
	switch t := raw.(type) {
	case bool:
		return t, ""
	case string:
		switch strings.ToLower(t) {
		case "true":
			return true, ""
		case "false":
			return false, ""
		}
	}
	return nil, "a boolean (true or false)"
}

// convertChoice joins the parts of a multichoice value: it is ONE string.
func (it *Item) convertChoice(raw any) (any, string) {
	switch t := raw.(type) {
	case []any:
		parts := make([]string, len(t))
		for i, e := range t {
			if _, nested := e.([]any); nested {
				return nil, "a list of plain values"
			}
			parts[i] = textOf(e)
		}
		return strings.Join(parts, it.Separator), ""
	case map[string]any:
		return nil, fmt.Sprintf("one string with parts joined by %q", it.Separator)
	}
	return textOf(raw), ""
}

// convertResource keeps strings and lists; for a listed item a string is JSON of a list, or parts joined with commas.
func (it *Item) convertResource(raw any) (any, string) {
	switch t := raw.(type) {
	case []any:
		return t, ""
	case map[string]any:
		if it.resource() {
			return t, ""
		}
	case json.Number, bool:
		if it.resource() {
			return textOf(t), ""
		}
	case string:
		if !it.listed() {
			return t, ""
		}
		return listFromText(t)
	}
	if it.resource() {
		return nil, "a string or a list"
	}
	return nil, "a list"
}

func listFromText(text string) (any, string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return []any{}, ""
	}
	if strings.HasPrefix(text, "[") {
		doc, _, err := parseDocument([]byte(text))
		if err != nil {
			return nil, "a list written as JSON (" + err.message + ")"
		}
		return doc.plain(), ""
	}
	var out []any
	for _, part := range strings.Split(text, ",") {
		out = append(out, strings.TrimSpace(part))
	}
	return out, ""
}

// plainData turns what callers hold (ints, float64, []string, values of a YAML reader) into string, bool, json.Number,
// nil, []any and map[string]any.
func plainData(v any) (any, error) {
	switch t := v.(type) {
	case nil, string, bool:
		return t, nil
	case json.Number:
		if _, ok := shortest(t.String()); !ok {
			return nil, fmt.Errorf("%q is not a number", t.String())
		}
		return t, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("a %T cannot be a value", v)
	}
	doc, _, bad := parseDocument(text)
	if bad != nil {
		return nil, bad
	}
	return doc.plain(), nil
}
