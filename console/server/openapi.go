package server

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	wire "drover/console/api"
	"drover/workflows/api"
)

// config is the API's; paths of huma's own pages are off, since they load scripts from other hosts.
func config(version string) huma.Config {
	c := huma.DefaultConfig("Drover", version)
	c.Info.Description = "Lifecycle operations of application clusters. Every error is an application/problem+json with the fault it was made of."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/v1/openapi", "", ""
	c.CreateHooks = nil // no $schema in answers
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "A local token"},
		"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "The session of a browser"},
	}
	return c
}

// StartBody is wire.Start with a schema per type of operation.
type StartBody wire.Start

// Schema lists the types with their inputs.
func (StartBody) Schema(r huma.Registry) *huma.Schema {
	out := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{}}}
	for _, name := range slices.Sorted(maps.Keys(api.Inputs)) {
		variant := "Start" + name
		r.Map()[variant] = &huma.Schema{
			Type: huma.TypeObject, Required: []string{"type"}, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{
				"type":  {Type: huma.TypeString, Enum: []any{name}},
				"input": r.Schema(typeOf(api.Inputs[name]), true, name+"Input"),
			},
		}
		ref := "#/components/schemas/" + variant
		out.Discriminator.Mapping[name] = ref
		out.OneOf = append(out.OneOf, &huma.Schema{Ref: ref})
	}
	return out
}
