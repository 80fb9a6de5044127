package specs

import (
	"fmt"
	"slices"
	"strings"
)

// groupPath is the item whose value chooses a resource group: its index in the range is the index into the lists of all
// items with resource_group.
const groupPath = "cluster.resource_group"

// Groups are the names of the package's resource groups, in order; none when it has no such item.
func (c *Config) Groups() []string {
	it, ok := c.byPath[groupPath]
	if !ok {
		return nil
	}
	var out []string
	for _, r := range it.Range {
		out = append(out, textOf(r))
	}
	return out
}

// group is the resource group that values choose, given or by default; index -1 when there is none.
func (c *Config) group(values settings) (name string, index int) {
	it, ok := c.byPath[groupPath]
	if !ok {
		return "", -1
	}
	v, have := values[groupPath]
	if !have {
		v = it.Default
	}
	name = textOf(v)
	return name, slices.Index(c.Groups(), name)
}

// otherwise is the value of an item without one of its own, and whether there is one: that of the resource group, or the
// default.
func (c *Config) otherwise(it *Item, values settings) (any, bool) {
	if _, i := c.group(values); i >= 0 && i < len(it.Group) {
		return it.Group[i], true
	}
	return it.Default, it.HasDefault
}

// effective is the value of an item as far as it is known before all items have one.
func (c *Config) effective(it *Item, values settings) any {
	if v, have := values[it.Path]; have {
		return v
	}
	v, _ := c.otherwise(it, values)
	return v
}

// unset is the value of an omitted item: that of its resource group, or as the item says. Items that do not apply are not
// demanded.
func (c *Config) unset(it *Item, values settings, samples bool) (any, Diagnostics) {
	if _, i := c.group(values); i >= 0 && i < len(it.Group) {
		return it.Group[i], nil
	}
	if it.Required && !it.HasDefault && c.hidden(it, values) != "" {
		return it.absent(), nil
	}
	return it.unset(samples)
}

// chosen checks the values of a new cluster against what only concerns new ones: resource groups that cannot be customized,
// and items that keep their default.
func (c *Config) chosen(given settings) Diagnostics {
	var diags Diagnostics
	name, i := c.group(given)
	for _, it := range c.Items {
		v, have := given[it.Path]
		if !have {
			continue
		}
		want, known := c.otherwise(it, given)
		other := !known || textOf(v) != textOf(want)
		switch {
		case other && i >= 0 && i < len(it.Group) && !c.customizable():
			diags = append(diags, invalidValue(it.Path, "value %s is not allowed: resource group %q has %s, and the package does not allow other values", it.shown(v), name, it.shown(want)))
		case other && !it.ChangeableWhenCreate:
			diags = append(diags, invalidValue(it.Path, `value %s is not allowed: the package says "changeable_when_create": false; leave it out`, it.shown(v)))
		}
		if why := c.hidden(it, given); why != "" && other {
			d := invalidValue(it.Path, "the item does not apply: %s", why)
			d.Severity = SeverityWarning
			diags = append(diags, d)
		}
	}
	return diags
}

func (c *Config) customizable() bool {
	it, ok := c.byPath[groupPath]
	return !ok || it.Customizable
}

// outsideGroups checks sizes of a cluster that exists: where groups cannot be customized, each is one that some group has.
func (c *Config) outsideGroups(given settings) Diagnostics {
	var diags Diagnostics
	for _, it := range c.Items {
		v, have := given[it.Path]
		if !have || len(it.Group) == 0 || c.customizable() || it.Key == ItemCount {
			continue
		}
		has := func(g any) bool { return textOf(g) == textOf(v) }
		if !slices.ContainsFunc(it.Group, has) {
			diags = append(diags, invalidValue(it.Path, "value %s is not allowed: no resource group has it, and the package does not allow other values; the groups have %s",
				it.shown(v), joined(it.Group)))
		}
	}
	return diags
}

func joined(values []any) string {
	var parts []string
	for _, v := range values {
		if text := textOf(v); !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// Dependency is a condition on another item.
type Dependency struct {
	// Ref is the key of an item of the same group, or a whole path.
	Ref    string
	Values []any
	// Not is set for the operator nin: the value must be none of Values.
	Not bool
}

// Texts are Values as one types them.
func (d Dependency) Texts() []string { return typed(d.Values) }

func (d Dependency) String() string {
	word := "one of"
	if d.Not {
		word = "none of"
	}
	return fmt.Sprintf("it applies where %s is %s %s", d.Ref, word, joined(d.Values))
}

// ref finds the item a dependency is about.
func (c *Config) ref(it *Item, d Dependency) (*Item, bool) {
	if beside, ok := c.byPath[strings.TrimSuffix(it.Path, it.Key)+d.Ref]; ok {
		return beside, true
	}
	return c.Resolve(d.Ref)
}

// hidden says why an item does not apply with these values; "" when it does. An item that depends on a hidden one is hidden.
func (c *Config) hidden(it *Item, values settings) string { return c.hiddenBelow(it, values, 0) }

func (c *Config) hiddenBelow(it *Item, values settings, depth int) string {
	const deepest = 20 // beyond it, items depend on each other in a circle
	for _, d := range it.Dependencies {
		other, ok := c.ref(it, d)
		if !ok || depth == deepest {
			continue
		}
		v := textOf(c.effective(other, values))
		in := slices.ContainsFunc(d.Values, func(want any) bool { return textOf(want) == v })
		if in == d.Not {
			return d.String()
		}
		if why := c.hiddenBelow(other, values, depth+1); why != "" {
			return why
		}
	}
	return ""
}

// Applies says whether an item applies with these values, by whole path; others count with their defaults.
func (c *Config) Applies(it *Item, values map[string]any) bool {
	return c.hidden(it, settings(values)) == ""
}

// Otherwise is the value an item gets without one of its own, with these values by whole path: that of the chosen resource
// group, or the default; false when there is none.
func (c *Config) Otherwise(it *Item, values map[string]any) (any, bool) {
	return c.otherwise(it, settings(values))
}

// CheckOne makes a typed value of what a user gave for one item; the error says what is wrong with it.
func (c *Config) CheckOne(it *Item, raw any) (any, error) {
	v, diags := it.check(it.Path, raw)
	return v, newProblems(it.Path, diags.Errors())
}

// checkGroups says what lint has against groups and dependencies.
func (c *Config) checkGroups() Diagnostics {
	var diags Diagnostics
	say := func(sev Severity, it *Item, format string, args ...any) {
		diags.add(Diagnostic{Severity: sev, File: ConfigFile, Line: it.Line, Col: it.Col, Path: it.Path, Message: fmt.Sprintf(format, args...)})
	}
	groups := c.Groups()
	for _, it := range c.Items {
		switch n := len(it.Group); {
		case n == 0:
		case len(groups) == 0:
			say(SeverityError, it, "resource_group needs an item %s with a range", groupPath)
		case n != len(groups):
			say(SeverityError, it, "resource_group has %d values, but the range of %s has %d", n, groupPath, len(groups))
		}
		for i, v := range it.Group {
			if i >= len(groups) {
				break
			}
			for _, why := range it.violations(v) {
				say(SeverityWarning, it, "%s of resource group %q violates the rules of the item: %s", it.shown(v), groups[i], why)
			}
		}
		for _, d := range it.Dependencies {
			if other, ok := c.ref(it, d); !ok {
				say(SeverityError, it, "dependencies: no item %q in the same group%s", d.Ref, c.suggestion(d.Ref))
			} else if other == it {
				say(SeverityError, it, "dependencies: the item depends on itself")
			}
		}
	}
	return diags
}
