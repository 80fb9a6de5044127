package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"drover/starter/cli"
)

func init() {
	for _, s := range cli.Shapes() {
		schemas["docs/json/"+s.Name+".schema.json"] = func() []byte { return schemaOf(s) }
	}
	referenced["outputs"] = outputs
}

// schemaOf is the JSON schema of what commands print, made of the Go types.
func schemaOf(s cli.Shape) []byte {
	types := huma.NewMapRegistry("#/$defs/", huma.DefaultSchemaNamer)
	var values []*huma.Schema
	for _, v := range s.Values {
		values = append(values, types.Schema(reflect.TypeOf(v), true, ""))
	}
	for name, schema := range types.Map() {
		nullable(schema, types.TypeFromRef("#/$defs/"+name))
	}
	out := map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": strings.ToUpper(s.What[:1]) + s.What[1:]}
	if len(types.Map()) > 0 {
		out["$defs"] = types.Map()
	}
	if len(values) == 1 && values[0].Ref != "" {
		out["$ref"] = values[0].Ref
	} else if len(values) > 1 {
		out["anyOf"] = values
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic("docs: a schema that cannot be encoded: " + err.Error()) // types have no such values
	}
	return append(text, '\n')
}

// nullable lets fields be null that are pointers and always printed; huma has them as what they point to.
func nullable(schema *huma.Schema, of reflect.Type) {
	if of == nil || of.Kind() != reflect.Struct {
		return
	}
	for i := range of.NumField() {
		name, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		property := schema.Properties[name]
		if property != nil && property.Ref != "" && of.Field(i).Type.Kind() == reflect.Pointer && !strings.Contains(options, "omit") {
			schema.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{property, {Type: "null"}}}
		}
	}
}

// outputs is the table of all shapes.
func outputs() string {
	var b strings.Builder
	b.WriteString("| schema | commands | value |\n|---|---|---|\n")
	for _, s := range cli.Shapes() {
		commands := "all"
		if len(s.Commands) > 0 {
			commands = "`" + strings.Join(s.Commands, "`, `") + "`"
		}
		what := s.What
		if s.Lines {
			what += "; one object per line"
		}
		fmt.Fprintf(&b, "| [%s](%s.schema.json) | %s | %s |\n", s.Name, s.Name, commands, what)
	}
	return b.String()
}
