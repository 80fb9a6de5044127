package specs

import (
	"encoding/json"
	"fmt"
	"maps"
	"sort"
	"strings"
)

// settings are the typed values of all items, by whole path: string, json.Number, bool, nil, []any, map[string]any.
type settings map[string]any

// given is one value of a user under the path they wrote.
type given struct {
	path string
	raw  any
}

// flatten turns nested maps (a values file) into paths; the result is sorted by path.
func (c *Config) flatten(values map[string]any) []given {
	var out []given
	var walk func(prefix string, m map[string]any)
	walk = func(prefix string, m map[string]any) {
		for k, v := range m {
			path := join(prefix, k)
			nested, isMap := asMap(v)
			if !isMap {
				out = append(out, given{path, v})
				continue
			}
			if len(nested) == 0 || c.takesObject(path) {
				if !c.groups[path] && !c.groups["cluster."+path] {
					out = append(out, given{path, v})
				}
				continue
			}
			walk(path, nested)
		}
	}
	walk("", values)
	sort.Slice(out, func(i, j int) bool { return out[i].path < out[j].path })
	return out
}

// takesObject says whether an object given at path is that item's value and not a level of nesting.
func (c *Config) takesObject(path string) bool {
	it, ok := c.Resolve(path)
	return ok && it.resource()
}

func asMap(v any) (map[string]any, bool) {
	switch t := v.(type) {
	case map[string]any:
		return t, true
	case map[string]string:
		out := make(map[string]any, len(t))
		for k, v := range t {
			out[k] = v
		}
		return out, true
	case map[any]any:
		out := make(map[string]any, len(t))
		for k, v := range t {
			out[fmt.Sprint(k)] = v
		}
		return out, true
	}
	return nil, false
}

// resolveValues checks what a user gave and adds defaults. With samples, required items without a value get one that
// lets the other checks continue (lint), and only a warning.
func (c *Config) resolveValues(values map[string]any, samples bool) (settings, Diagnostics) {
	out, tried, diags := c.checkValues(c.flatten(values))
	diags = append(diags, c.chosen(out)...)
	chosen := maps.Clone(out) // what others are derived from
	for _, it := range c.Items {
		if _, have := out[it.Path]; have {
			continue
		}
		if tried[it.Path] && !samples {
			continue
		}
		v, d := c.unset(it, chosen, samples)
		out[it.Path] = v
		diags = append(diags, d...)
	}
	return out, diags
}

// checkValues makes typed settings of what a user gave and says what is wrong with it. Tried are the items a value was
// given for, also a wrong one.
func (c *Config) checkValues(values []given) (out settings, tried map[string]bool, diags Diagnostics) {
	out, tried = settings{}, map[string]bool{}
	written := map[string]string{} // item path -> path as the user wrote it
	fail := func(path, format string, args ...any) {
		diags = append(diags, invalidValue(path, format, args...))
	}
	for _, g := range values {
		it, ok := c.Resolve(g.path)
		if !ok && (c.groups[g.path] || c.groups["cluster."+g.path]) {
			fail(g.path, "a group of items cannot have a value; use one of its items")
			continue
		}
		if !ok {
			fail(g.path, "no such item in %s%s", ConfigFile, c.suggestion(g.path))
			continue
		}
		if g.raw == nil {
			continue // null in a values file: not given
		}
		if before, twice := written[it.Path]; twice {
			fail(it.Path, "duplicate value, set as %s and as %s", before, g.path)
			continue
		}
		written[it.Path], tried[it.Path] = g.path, true
		v, wrong := it.check(it.Path, g.raw)
		diags = append(diags, wrong...)
		if v != nil {
			out[it.Path] = v
		}
	}
	return out, tried, diags
}

// check makes a typed value of what a user gave for the item, called name in messages; nil when it is none.
func (it *Item) check(name string, raw any) (any, Diagnostics) {
	v, want := it.convert(raw, strict)
	if want != "" {
		return nil, Diagnostics{invalidValue(name, "value %s is not %s; allowed: %s", it.shown(raw), want, it.allowed())}
	}
	return v, it.checkGiven(name, v)
}

func invalidValue(path, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: SeverityError, Path: path, Message: fmt.Sprintf(format, args...)}
}

// checkGiven checks a value a user gave. Giving the default is always fine: a stored set of values must stay usable
// although the package's author put a default outside its own range.
func (it *Item) checkGiven(name string, v any) Diagnostics {
	if it.Required && textOf(v) == "" && (!it.HasDefault || textOf(it.Default) != "") {
		return Diagnostics{invalidValue(name, "required: the value is empty; allowed: %s", it.allowed())}
	}
	sev := SeverityError
	if it.HasDefault && textOf(v) == textOf(it.Default) {
		sev = SeverityWarning
	}
	var diags Diagnostics
	for _, why := range it.violations(v) {
		diags = append(diags, Diagnostic{Severity: sev, Path: name, Message: fmt.Sprintf("value %s is not allowed: %s", it.shown(v), why)})
	}
	return diags
}

// unset is the value of an omitted item: its default, or "absent". Absent strings are "", absent lists are [],
// absent integers, numbers and booleans are null: cluster.json then behaves as if the key were not there, and an env
// key is published with an empty value.
func (it *Item) unset(samples bool) (any, Diagnostics) {
	place := Diagnostic{File: ConfigFile, Line: it.Line, Col: it.Col, Path: it.Path}
	if it.HasDefault {
		return it.Default, it.defaultOddities(place)
	}
	if it.Required && samples && !it.atRun() {
		place.Severity = SeverityWarning
		place.Message = fmt.Sprintf("required and without a default: every user must set it (%s); checked with a sample value", it.allowed())
		return it.sample(), Diagnostics{place}
	}
	if it.Required && !it.atRun() {
		place.Severity = SeverityError
		place.Message = fmt.Sprintf("required, no value given and no default; allowed: %s", it.allowed())
		return nil, Diagnostics{place}
	}
	return it.absent(), nil
}

// defaultOddities says what is odd with a default that is about to be used. An empty default of an optional item means
// "not used" and is not odd. An empty vxnet is the provider's default network.
func (it *Item) defaultOddities(place Diagnostic) Diagnostics {
	place.Severity = SeverityWarning
	empty := textOf(it.Default) == ""
	switch {
	case empty && it.Required && it.Path != "cluster.vxnet":
		place.Message = "required, but the default is empty: set a value unless empty is intended"
		return Diagnostics{place}
	case empty:
		return nil
	}
	var diags Diagnostics
	for _, why := range it.violations(it.Default) {
		place.Message = fmt.Sprintf("the default %s violates the rules of the item: %s", it.shown(it.Default), why)
		diags = append(diags, place)
	}
	return diags
}

// atRun items are parameters of services: they are asked for when a service is run, not when a cluster is created.
func (it *Item) atRun() bool { return strings.HasPrefix(it.Path, "service_params.") }

func (it *Item) absent() any {
	switch {
	case it.scalar():
		return nil
	case it.Type == "array" && !it.MultiChoice:
		return []any{}
	}
	return ""
}

// sample is some value of the item's type, from its range or bounds where it has them.
func (it *Item) sample() any {
	if len(it.Range) > 0 {
		if v, want := it.convert(it.Range[0], lenient); want == "" {
			return v
		}
	}
	switch it.Type {
	case "integer", "number":
		for _, n := range []json.Number{it.Min, it.Max} {
			if n != "" {
				return n
			}
		}
		return json.Number("1")
	case "boolean":
		return false
	case "array":
		return []any{}
	}
	for _, s := range []string{"sample", "Sample-1234", "Sample1234", "192.0.2.1", "https://192.0.2.1:8000"} {
		if len(it.violations(s)) == 0 {
			return s
		}
	}
	return "sample"
}
