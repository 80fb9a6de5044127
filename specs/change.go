package specs

const envPrefix = "env."

// CheckChange checks values an operator wants an existing cluster to have: each names an item below env that may be
// changed, and keeps the item's type and rules. It gives them back typed, by whole path. The error is a *Problems with
// everything that is wrong.
func (p *Package) CheckChange(values map[string]any) (map[string]any, error) {
	asked := p.Config.flatten(values)
	out, _, diags := p.Config.checkValues(asked)
	for _, g := range asked {
		it, ok := p.Config.Resolve(g.path)
		switch {
		case !ok: // said already
		case it.fixed() != "":
			diags = append(diags, invalidValue(it.Path, "%s", it.fixed()))
		case g.raw == nil:
			diags = append(diags, invalidValue(it.Path, "null is not a value; allowed: %s", it.allowed()))
		}
	}
	if err := newProblems(p.Source, diags.sorted()); err != nil {
		return nil, err
	}
	return out, nil
}

// Override puts changes on top of the values a cluster has. Both may be nested or name items with or without "cluster.";
// the result is by whole path, so that no item is given twice.
func (p *Package) Override(values, changes map[string]any) map[string]any {
	out := make(map[string]any, len(values)+len(changes))
	for _, layer := range []map[string]any{values, changes} {
		for _, g := range p.Config.flatten(layer) {
			path := g.path
			if it, ok := p.Config.Resolve(path); ok {
				path = it.Path
			}
			out[path] = g.raw
		}
	}
	return out
}
