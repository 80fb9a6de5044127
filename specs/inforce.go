package specs

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// ItemValue is the value of an item as messages may show it: never that of a password.
type ItemValue struct {
	Path  string
	Value string
	// Was is the value before, of those that the upgrade changes.
	Was string
	// Default is what the version gives to new clusters, where that is another value.
	Default string
	// Note says that the version does not allow the value to new clusters.
	Note string
}

// Carried is what a version does to the values in force of a cluster that is upgraded to it, in the order of its items.
type Carried struct {
	// New are the items that the cluster had no value for, Set those that the upgrade gives another value, Kept the others.
	New, Set, Kept []ItemValue
	// Dropped are the paths of values without an item.
	Dropped []string
}

// Revise renders the package for a new cluster or one that exists. Kept are the values in force of the latter: they stay
// as they are, also where rules or defaults are others for new values, and those without an item are dropped. Given are
// new values, typed and checked. All other items get their defaults. Beside the cluster it returns the values in force
// from then on, typed and by whole path: every item has one, apart from omitted parameters of services: their
// defaults are asked for at each run.
func (p *Package) Revise(ctx context.Context, kept, given map[string]any) (*Cluster, map[string]any, error) {
	return p.revise(ctx, p.Config.kept(kept), given, nil)
}

func (p *Package) revise(ctx context.Context, kept settings, given map[string]any, found Diagnostics) (*Cluster, map[string]any, error) {
	values, tried, diags := p.Config.checkValues(p.Config.flatten(given))
	if len(kept) == 0 {
		diags = append(diags, p.Config.chosen(values)...)
	}
	chosen := maps.Clone(kept) // what omitted items are derived from
	if chosen == nil {
		chosen = settings{}
	}
	maps.Copy(chosen, values)
	lasting := map[string]any{}
	for _, it := range p.Config.Items {
		v, have := values[it.Path]
		if !have && !tried[it.Path] {
			v, have = kept[it.Path]
		}
		if have {
			lasting[it.Path] = v
		} else if !tried[it.Path] {
			var odd Diagnostics
			v, odd = p.Config.unset(it, chosen, false)
			diags = append(diags, odd...)
			if !it.atRun() {
				lasting[it.Path] = v
			}
		}
		values[it.Path] = v
	}
	r := p.renderResolved(ctx, values, append(found, diags...), false)
	if err := newProblems(p.Source, r.diags.sorted()); err != nil {
		return nil, nil, err
	}
	return r.cluster, lasting, nil
}

// kept are values in force by item, typed; without those that cannot be read as the item's type any more.
func (c *Config) kept(values map[string]any) settings {
	out := settings{}
	for _, g := range c.flatten(values) {
		it, ok := c.Resolve(g.path)
		if !ok {
			continue
		}
		if v, want := it.keep(g.raw); want == "" {
			out[it.Path] = v
		}
	}
	return out
}

// keep types a value in force; an absent one stays absent.
func (it *Item) keep(raw any) (v any, want string) {
	if raw == nil {
		return it.absent(), ""
	}
	return it.convert(raw, lenient)
}

// CarryOver renders the package for a cluster of another version that is upgraded to it. Values in force stay; given are
// those of items that are new to the cluster, or that it may change. The error is a *Problems with everything that is
// wrong: also values in force that this version does not allow and that may be changed.
func (p *Package) CarryOver(ctx context.Context, inForce, given map[string]any) (*Cluster, map[string]any, *Carried, error) {
	before, out := map[string]any{}, &Carried{}
	for _, g := range p.Config.flatten(inForce) {
		if it, ok := p.Config.Resolve(g.path); ok {
			before[it.Path] = g.raw
		} else {
			out.Dropped = append(out.Dropped, g.path)
		}
	}
	asked := map[string]bool{}
	for _, g := range p.Config.flatten(given) {
		if it, ok := p.Config.Resolve(g.path); ok && g.raw != nil {
			asked[it.Path] = true
		}
	}
	kept, diags := settings{}, Diagnostics{}
	fresh := map[string]bool{}
	for _, it := range p.Config.Items {
		raw, had := before[it.Path]
		if had && textOf(raw) == "" && it.Required && !it.atRun() && (!it.HasDefault || textOf(it.Default) != "") {
			had = false // absent, and may not be so any longer
		}
		if !had {
			fresh[it.Path] = true
			continue
		}
		v, want := it.keep(raw)
		fixed := it.fixed()
		switch {
		case want != "" && !asked[it.Path]:
			diags = append(diags, invalidValue(it.Path, "the value in force, %s, is not %s, as this version wants; set another one; allowed: %s", it.shown(raw), want, it.allowed()))
			continue
		case want == "" && asked[it.Path] && fixed != "":
			diags = append(diags, invalidValue(it.Path, "%s", fixed))
			continue
		case asked[it.Path]:
			continue
		}
		entry := ItemValue{Path: it.Path, Value: it.shown(v)}
		if it.HasDefault && textOf(it.Default) != textOf(v) {
			entry.Default = it.shown(it.Default)
		}
		if wrong := it.checkGiven(it.Path, v).Errors(); len(wrong) > 0 && fixed == "" {
			for _, d := range wrong {
				diags = append(diags, invalidValue(it.Path, "the value in force cannot stay, set another one: %s", d.Message))
			}
		} else if len(wrong) > 0 {
			entry.Note = wrong[0].Message
		}
		kept[it.Path], out.Kept = v, append(out.Kept, entry)
	}
	spec, values, err := p.revise(ctx, kept, given, diags)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, it := range p.Config.Items {
		v, lasts := values[it.Path]
		entry := ItemValue{Path: it.Path, Value: it.shown(v)}
		switch {
		case lasts && fresh[it.Path]:
			out.New = append(out.New, entry)
		case asked[it.Path]:
			entry.Was = it.shown(before[it.Path])
			out.Set = append(out.Set, entry)
		}
	}
	return spec, values, out, nil
}

// fixed says why the value of a cluster that exists cannot be changed; "" when it can.
func (it *Item) fixed() string {
	switch {
	case !strings.HasPrefix(it.Path, envPrefix):
		return "the value is fixed at creation; only items below env can be changed"
	case !it.Changeable:
		return `the package says "changeable": false: it keeps the value it was created with`
	}
	return ""
}

// CheckSizes checks new counts and sizes of a role against the items they come from, as those of a new cluster. By are
// the numbers by key of Role.Items; literals have no rules.
func (p *Package) CheckSizes(r *Role, by map[string]int) error {
	given := map[string]any{}
	for key, n := range by {
		if path, ok := r.Items[key]; ok {
			given[path] = fmt.Sprint(n)
		}
	}
	values, _, diags := p.Config.checkValues(p.Config.flatten(given))
	diags = append(diags, p.Config.outsideGroups(values)...)
	return newProblems(p.Source, diags.sorted())
}

// SaysLeast reports whether the configuration gives the role's least count.
func (p *Package) SaysLeast(r *Role) bool {
	it, ok := p.Config.byPath[r.Items[ItemCount]]
	if !ok {
		return false
	}
	_, said := it.least()
	return said
}
