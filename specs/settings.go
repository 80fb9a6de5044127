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
			out = append(out, it.Setting())
		}
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
