package specs

import (
	"encoding/json"
	"slices"
)

// Schema is the JSON schema (draft 2020-12) of a file with this vocabulary, the first object being the whole file. It says less
// than lint, and nothing that lint does not say: texts are accepted where lint reads numbers and booleans from them.
func Schema(title string, vocabulary []Object) []byte {
	defs := map[string]any{}
	for i := range vocabulary {
		defs[vocabulary[i].Name] = vocabulary[i].schema()
	}
	out, err := json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   title,
		"$ref":    "#/$defs/" + vocabulary[0].Name,
		"$defs":   defs,
	}, "", "  ")
	if err != nil {
		panic("specs: a schema that cannot be encoded: " + err.Error()) // plain data has no such values
	}
	return append(out, '\n')
}

func (o *Object) schema() map[string]any {
	out := map[string]any{"type": []string{"object", "null"}, "description": o.Purpose + "."}
	if o.Open {
		return out
	}
	properties := map[string]any{}
	for _, f := range slices.Concat(o.Fields, o.Named) {
		properties[f.Name] = f.schema()
	}
	if len(properties) > 0 {
		out["properties"] = properties
	}
	out["patternProperties"] = map[string]any{"^" + authorPrefix: map[string]any{}}
	if o.Members != "" {
		out["additionalProperties"] = reference(o.Members)
	} else {
		out["additionalProperties"] = false
	}
	return out
}

func reference(object string) map[string]any { return map[string]any{"$ref": "#/$defs/" + object} }

// kindTypes are JSON types by kind; kinds without an entry take any value.
var kindTypes = map[Kind][]string{
	KindString:  {"string", "number", "null"},
	KindInteger: {"integer", "string", "null"},
	KindNumber:  {"number", "string", "null"},
	KindBoolean: {"boolean", "string", "null"},
	KindStrings: {"array", "null"},
	KindList:    {"array", "null"},
	KindObjects: {"array", "null"},
	KindTexts:   {"string", "array", "null"},
	KindYesNo:   {"string", "boolean", "number"},
}

func (f Field) schema() map[string]any {
	out := map[string]any{"description": f.description()}
	types, typed := kindTypes[f.Kind]
	switch {
	case len(f.Choices) > 0 && f.Kind == KindString:
		out["enum"] = append(slices.Clone(f.Choices), "")
		return out
	case f.Kind == KindObjects && (f.Object == "item" || f.Object == "group"):
		// Items and groups are told apart by their properties.
		out["items"] = map[string]any{"if": map[string]any{"required": []string{"properties"}}, "then": reference("group"), "else": reference("item")}
	case f.Kind == KindObjects:
		out["items"] = reference(f.Object)
	case f.Object != "":
		out["$ref"] = "#/$defs/" + f.Object
		return out
	}
	if typed {
		out["type"] = types
	}
	return out
}

func (f Field) description() string {
	text := f.Meaning + "."
	if f.Default != "" {
		text += " Default: " + f.Default + "."
	}
	if f.Ignored != "" {
		text += " No effect: " + f.Ignored + "."
	}
	return text
}
