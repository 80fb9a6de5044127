package specs

import (
	"fmt"
	"slices"
	"strings"
)

// Params are the names of the service's declared parameters, in the package's order.
func (s Service) Params() []string {
	var out []string
	for _, m := range s.params() {
		out = append(out, m.key)
	}
	return out
}

func (s Service) params() []member {
	if len(s.ServiceParams) == 0 {
		return nil
	}
	doc, _, err := parseDocument(s.ServiceParams)
	if err != nil {
		return nil
	}
	return doc.members
}

// ServiceParams is what a run of the service hands to its command: every declared parameter, with the value given or the
// one the cluster was rendered with. Given are values by parameter name; strings are read as the parameter's type; null is
// not given. A parameter without any value is left out. The error is a *Problems with everything that is wrong: names the service does not declare, and
// values the items behind the parameters do not allow.
func (p *Package) ServiceParams(service Service, given map[string]any) (map[string]any, error) {
	var diags Diagnostics
	declared := service.Params()
	out := make(map[string]any, len(declared))
	for _, m := range service.params() {
		it := p.paramItem(service, m)
		v := m.value.plain()
		switch raw := given[m.key]; {
		case raw != nil:
			var wrong Diagnostics
			v, wrong = it.check(m.key, raw)
			diags = append(diags, wrong...)
		case it.Required && !it.HasDefault && textOf(v) == "":
			diags = append(diags, invalidValue(m.key, "required, no value given and no default; allowed: %s", it.allowed()))
		}
		if v != nil {
			out[m.key] = v
		}
	}
	for name := range given {
		if slices.Contains(declared, name) {
			continue
		}
		what := "it has none"
		if len(declared) > 0 {
			what = "it has " + strings.Join(declared, ", ")
		}
		diags = append(diags, invalidValue(name, "service %q has no such parameter; %s", service.Name, what))
	}
	slices.SortStableFunc(diags, func(a, b Diagnostic) int { return strings.Compare(a.Path, b.Path) })
	if err := newProblems(fmt.Sprintf("parameters of service %q", service.Name), diags.sorted()); err != nil {
		return nil, err
	}
	return out, nil
}

// paramItem is the item a parameter takes its value from. A literal in cluster.json is a parameter too, with that value
// as default and its type.
func (p *Package) paramItem(service Service, m member) *Item {
	if it, ok := p.Config.byPath[service.ParamItems[m.key]]; ok {
		return it
	}
	it := &Item{Path: m.key, Key: m.key, Type: "string", Separator: ","}
	switch m.value.kind {
	case kindNumber:
		it.Type = "number"
	case kindBool:
		it.Type = "boolean"
	case kindList:
		it.Type = "array"
	case kindObject:
		it.Type = "service" // may be an object, a list or a text
	}
	if m.value.kind != kindNull {
		it.Default, it.HasDefault = m.value.plain(), true
	}
	return it
}

// paramItems remembers where a service's parameters come from: the rendered text alone does not contain it.
func (b *builder) paramItems(f *fields) map[string]string {
	v, ok := f.get("service_params")
	if !ok {
		return nil
	}
	var out map[string]string
	for _, m := range v.members {
		if it, ok := b.item(m.value); ok {
			if out == nil {
				out = map[string]string{}
			}
			out[m.key] = it.Path
		}
	}
	return out
}
