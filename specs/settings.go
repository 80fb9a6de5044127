package specs

import (
	"context"
	"encoding/json"
)

// Setting is an item of config.json, or a parameter of a service, as people read it.
type Setting struct {
	Path        string
	Label       string
	Description string
	Type        string
	Required    bool
	// Changeable: the value of a cluster that exists can be changed.
	Changeable bool
	// Default is as messages show values, "" without one; never that of a password.
	Default string
	// Allowed describes good values: "integer, at least 1, at most 9".
	Allowed string
	// Form is nil for the parameters of services.
	Form *Form
}

// Form is what a form needs of an item beside its texts. All values are whole and as one types them, see Typed.
type Form struct {
	Key     string
	Default string // "" without one; never that of a password
	// Preset: there is a default, also where it is not shown.
	Preset         bool
	Range          []string
	Min, Max, Step string
	Pattern        string
	MultiChoice    bool
	Separator      string
	Kept           bool     // a new cluster keeps the default
	Groups         []string // by index of the range of cluster.resource_group
	Dependencies   []Dependency
}

// form describes the item for a form. Dependencies have whole paths.
func (c *Config) form(it *Item) *Form {
	f := &Form{
		Key: it.Key, Preset: it.HasDefault, Range: typed(it.Range), Min: it.Min.String(), Max: it.Max.String(), Step: it.Step.String(),
		Pattern: it.Pattern, MultiChoice: it.MultiChoice, Separator: it.Separator, Kept: !it.ChangeableWhenCreate,
	}
	if !it.Secret() {
		f.Default, f.Groups = it.Typed(it.Default), typed(it.Group)
	}
	for _, d := range it.Dependencies {
		if other, ok := c.ref(it, d); ok {
			f.Dependencies = append(f.Dependencies, Dependency{Ref: other.Path, Values: d.Values, Not: d.Not})
		}
	}
	return f
}

// Typed is a value as one types it: lists and objects as JSON, all else as bare text; "" for a password.
func (it *Item) Typed(v any) string {
	if it.Secret() {
		return ""
	}
	return typedText(v)
}

func typedText(v any) string {
	switch v.(type) {
	case []any, map[string]any:
		return string(EncodeJSON(v))
	}
	return textOf(v)
}

func typed(values []any) []string {
	var out []string
	for _, v := range values {
		out = append(out, typedText(v))
	}
	return out
}

// Setting describes the item.
func (it *Item) Setting() Setting {
	s := Setting{
		Path: it.Path, Label: it.Label, Description: it.Description, Type: it.Type, Required: it.Required,
		Changeable: it.fixed() == "", Allowed: it.allowed(),
	}
	if it.HasDefault && !it.Secret() {
		s.Default = it.shown(it.Default)
	}
	return s
}

// Shown is a value as messages print it: never that of a password.
func (it *Item) Shown(v any) string { return it.shown(v) }

// Settings are all items but the parameters of services, in the order of config.json.
func (p *Package) Settings() []Setting {
	var out []Setting
	for _, it := range p.Config.Items {
		if !it.atRun() {
			s := it.Setting()
			s.Form = p.Config.form(it)
			out = append(out, s)
		}
	}
	return out
}

// Texts are the translations of the labels and descriptions in config.json, by language.
func (p *Package) Texts() map[string]map[string]string {
	out := map[string]map[string]string{}
	add := func(text string) {
		for language, texts := range p.Locales {
			if translated, ok := texts[text]; ok && text != "" {
				if out[language] == nil {
					out[language] = map[string]string{}
				}
				out[language][text] = translated
			}
		}
	}
	for _, it := range p.Config.Items {
		add(it.Label)
		add(it.Description)
	}
	for _, g := range p.Config.Labels {
		add(g.Label)
		add(g.Description)
	}
	return out
}

// Outline is the cluster that the package makes with its defaults, and samples for required items without one; nil when it
// cannot be rendered with those.
func (p *Package) Outline(ctx context.Context) *Cluster { return p.render(ctx, nil, true).cluster }

// ParamSettings are the parameters of a service, named as `drover run --param` takes them.
func (p *Package) ParamSettings(service Service) []Setting {
	var out []Setting
	for _, m := range service.params() {
		s := p.paramItem(service, m).Setting()
		s.Path, s.Changeable = m.key, false
		if it := p.paramItem(service, m); !it.Secret() {
			if v, err := json.Marshal(m.value.plain()); err == nil && s.Default == "" && string(v) != "null" && string(v) != `""` {
				s.Default = string(v)
			}
		}
		out = append(out, s)
	}
	return out
}
