package specs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// ConfigFile and TemplateFile are the two files every package has.
const (
	ConfigFile   = "config.json"
	TemplateFile = "cluster.json.mustache"
)

// Config is config.json: what a user may or must give.
type Config struct {
	// Items in the order of the file.
	Items []*Item
	// Labels are the groups that hold items, in the order of the file.
	Labels []GroupLabel
	byPath map[string]*Item
	groups map[string]bool // paths that hold items: "cluster", "cluster.etcd_node", "env"
}

// GroupLabel is what config.json says of a group of items.
type GroupLabel struct{ Path, Label, Description string }

// Item finds an item by its whole path, as in "cluster.etcd_node.count".
func (c *Config) Item(path string) (*Item, bool) {
	it, ok := c.byPath[path]
	return it, ok
}

// Resolve finds the item a user means: the whole path, or one with the leading "cluster." left out.
func (c *Config) Resolve(path string) (*Item, bool) {
	if it, ok := c.byPath[path]; ok {
		return it, true
	}
	it, ok := c.byPath["cluster."+path]
	return it, ok
}

// Item is one setting. Attributes this package has no use for are kept in Attributes.
type Item struct {
	Path        string // keys joined with dots; keys may contain dots themselves
	Key         string
	Label       string
	Description string
	Type        string
	// Default is plain data of the item's type; nil when there is none. HasDefault is false also for a default that
	// cannot be one, as "" for an integer.
	Default     any
	HasDefault  bool
	Required    bool
	Range       []any
	Min         json.Number // "" when not given; the same for Max and Step
	Max         json.Number
	Step        json.Number
	Pattern     string
	MultiChoice bool
	Separator   string // between the parts of a multichoice value; "," when not given
	Changeable  bool
	// ChangeableWhenCreate false: a new cluster keeps the default.
	ChangeableWhenCreate bool
	// Group are values by index of the chosen resource group.
	Group []any
	// Customizable, of cluster.resource_group: values other than those of the groups are allowed.
	Customizable bool
	// Dependencies all hold where the item applies.
	Dependencies []Dependency
	Attributes   map[string]json.RawMessage
	Line, Col    int

	pattern    *pattern
	rangeTexts map[string]bool
	offset     int
}

// Secret says whether values of the item must never be printed.
func (it *Item) Secret() bool { return it.Type == "password" || it.Type == typeAccessKey }

type configReader struct {
	src      *source
	out      *Config
	diags    Diagnostics
	matching atomic.Int64
}

// parseConfig reads config.json. The Config is usable (possibly without items) also when there are errors.
func parseConfig(text []byte) (*Config, Diagnostics) {
	r := &configReader{
		src: newSource(ConfigFile, text),
		out: &Config{byPath: map[string]*Item{}, groups: map[string]bool{}},
	}
	if d, ok := r.src.checkText(); !ok {
		return r.out, Diagnostics{d}
	}
	doc, dups, err := parseDocument(text)
	if err != nil {
		return r.out, Diagnostics{r.src.diagnostic(SeverityError, err.offset, "", "not valid JSON: "+err.message)}
	}
	for _, d := range dups {
		r.say(SeverityWarning, d.offset, d.path, "duplicate key; the last one is used")
	}
	props, ok := doc.member("properties")
	if !ok || props.kind != kindList {
		r.say(SeverityError, doc.offset, "", `expected an object {"type": "array", "properties": [...]} listing cluster, env and service_params`)
		return r.out, r.diags
	}
	r.group("", props)
	return r.out, r.diags
}

func (r *configReader) say(sev Severity, offset int, path, format string, args ...any) {
	r.diags.add(r.src.diagnostic(sev, offset, path, fmt.Sprintf(format, args...)))
}

func (r *configReader) group(path string, props *value) {
	for _, e := range props.elems {
		r.entry(path, e)
	}
}

func (r *configReader) entry(parent string, e *value) {
	if e.kind != kindObject {
		r.say(SeverityError, e.offset, parent, "expected an object describing an item, found a %s", e.kind)
		return
	}
	k, ok := e.member("key")
	if !ok || k.kind != kindString || k.text == "" {
		at := e.offset
		if ok {
			at = k.offset
		}
		r.say(SeverityError, at, parent, `an item needs a "key" that is a string and not empty`)
		return
	}
	path := join(parent, k.text)
	switch {
	case len(path) > maxPath:
		r.say(SeverityError, k.offset, path, "the path of an item is longer than %d bytes", maxPath)
		return
	case len(r.out.Items) == maxItems:
		r.say(SeverityError, k.offset, path, "more than %d items", maxItems)
		return
	}
	if props, ok := e.member("properties"); ok {
		if props.kind != kindList {
			r.say(SeverityError, props.offset, path, `"properties" must be a list, found a %s`, props.kind)
			return
		}
		r.out.groups[path] = true
		r.out.Labels = append(r.out.Labels, GroupLabel{Path: path, Label: wordsOf(e, "label"), Description: wordsOf(e, "description")})
		r.group(path, props)
		return
	}
	if parent == "" {
		r.say(SeverityWarning, e.offset, path, `expected a group with "properties" at the top level; taken as an item`)
	}
	it := r.item(path, k.text, e)
	if old, dup := r.out.byPath[path]; dup {
		r.say(SeverityWarning, e.offset, path, "duplicate item, first defined in line %d; the last one is used", old.Line)
		for i := range r.out.Items {
			if r.out.Items[i] == old {
				r.out.Items = append(r.out.Items[:i], r.out.Items[i+1:]...)
				break
			}
		}
	}
	r.out.byPath[path] = it
	r.out.Items = append(r.out.Items, it)
}

func wordsOf(e *value, key string) string {
	if m, ok := e.member(key); ok {
		return textOf(m.plain())
	}
	return ""
}

func (r *configReader) item(path, key string, e *value) *Item {
	it := &Item{Path: path, Key: key, Separator: ",", Changeable: true, ChangeableWhenCreate: true, Customizable: true, Attributes: map[string]json.RawMessage{}, offset: e.offset}
	it.Line, it.Col = r.src.position(e.offset)
	var def, group *value
	for _, m := range e.members {
		v := m.value
		switch m.key {
		case "key":
		case "label":
			it.Label = textOf(v.plain())
		case "description":
			it.Description = textOf(v.plain())
		case "type":
			it.Type = strings.TrimSpace(textOf(v.plain()))
		case "default":
			def = v
		case "required":
			it.Required = r.flag(path, m)
		case "changeable":
			it.Changeable = r.flag(path, m)
		case "changeable_when_create":
			it.ChangeableWhenCreate = r.flag(path, m)
		case "customizable":
			it.Customizable = r.flag(path, m)
		case "resource_group":
			group = v
		case "dependencies":
			it.Dependencies = r.dependencies(path, v)
		case "multichoice":
			it.MultiChoice = r.flag(path, m)
		case "separator":
			if s := textOf(v.plain()); s != "" {
				it.Separator = s
			}
		case "range":
			if v.kind != kindList {
				r.say(SeverityWarning, v.offset, path, "range must be a list; values are not checked against it")
				break
			}
			if len(v.elems) > 0 { // an empty range allows everything, else nothing could ever be given
				it.Range, _ = v.plain().([]any)
				it.rangeTexts = make(map[string]bool, len(it.Range))
				for _, e := range it.Range {
					it.rangeTexts[textOf(e)] = true
				}
			}
		case "min":
			it.Min = r.bound(path, m)
		case "max":
			it.Max = r.bound(path, m)
		case "step":
			it.Step = r.bound(path, m)
		case "pattern":
			it.Pattern = textOf(v.plain())
			var err error
			if it.pattern, err = compilePattern(it.Pattern, &r.matching); err != nil {
				r.say(SeverityError, v.offset, path, "pattern %q does not compile: %v", brief(it.Pattern), err)
			}
		default:
			it.Attributes[m.key] = v.raw()
		}
	}
	r.checkType(it, e, def)
	if def != nil {
		r.setDefault(it, def)
	}
	if group != nil {
		r.setGroup(it, group)
	}
	return it
}

// flag reads yes, no, true, false in any of the ways packages write them.
func (r *configReader) flag(path string, m member) bool {
	switch strings.ToLower(textOf(m.value.plain())) {
	case "yes", "true", "1":
		return true
	case "no", "false", "0", "":
		return false
	}
	r.say(SeverityWarning, m.value.offset, path, `%s should be "yes" or "no", found %s; taken as no`, m.key, m.value.shown())
	return false
}

// bound reads min, max or step: a number, or a string holding one.
func (r *configReader) bound(path string, m member) json.Number {
	text := strings.TrimSpace(textOf(m.value.plain()))
	if text == "" {
		return ""
	}
	if s, ok := shortest(text); ok && (m.value.kind == kindNumber || m.value.kind == kindString) {
		return json.Number(s)
	}
	r.say(SeverityWarning, m.value.offset, path, "%s must be a number, found %s; values are not checked against it", m.key, m.value.shown())
	return ""
}

func (r *configReader) checkType(it *Item, e, def *value) {
	if it.Type == "" {
		it.Type = "string"
		if def != nil {
			switch def.kind {
			case kindNumber:
				it.Type = "number"
			case kindBool:
				it.Type = "boolean"
			case kindList:
				it.Type = "array"
			}
		}
		r.say(SeverityWarning, e.offset, it.Path, "missing type; %s is assumed", it.Type)
		return
	}
	if !slices.Contains(itemTypes, it.Type) {
		at := e.offset
		if t, ok := e.member("type"); ok {
			at = t.offset
		}
		r.say(SeverityWarning, at, it.Path, "unknown type %q; string is assumed", brief(it.Type))
	}
}

// setDefault converts the default to the item's type. A value that cannot be converted is ignored: "" for an integer is how
// packages write that.
func (r *configReader) setDefault(it *Item, def *value) {
	if def.kind == kindNull || def.kind == kindString && strings.TrimSpace(def.text) == "" && it.scalar() {
		return
	}
	v, why := it.convert(def.plain(), lenient)
	if why != "" {
		shown := def.shown()
		if it.Secret() {
			shown = "(hidden)"
		}
		r.say(SeverityWarning, def.offset, it.Path, "default %s is not %s; the default is ignored", shown, why)
		return
	}
	if it.textual() && def.kind != kindString && def.kind != kindList || it.scalar() && def.kind == kindString {
		r.say(SeverityWarning, def.offset, it.Path, "the default is a %s, the type is %s; it is converted", def.kind, it.Type)
	}
	it.Default, it.HasDefault = v, true
}

// setGroup converts the values of the resource groups to the item's type; with one that cannot be converted the item has none.
func (r *configReader) setGroup(it *Item, group *value) {
	if group.kind != kindList {
		r.say(SeverityError, group.offset, it.Path, "resource_group must be a list with a value for each group, found a %s", group.kind)
		return
	}
	var out []any
	for _, e := range group.elems {
		v, why := it.convert(e.plain(), lenient)
		if why != "" {
			r.say(SeverityError, e.offset, it.Path, "resource_group: %s is not %s", e.shown(), why)
			return
		}
		out = append(out, v)
	}
	it.Group = out
}

// dependencies reads [{refkey, values, operator}].
func (r *configReader) dependencies(path string, list *value) []Dependency {
	if list.kind != kindList {
		r.say(SeverityError, list.offset, path, "dependencies must be a list of conditions, found a %s", list.kind)
		return nil
	}
	var out []Dependency
	for _, e := range list.elems {
		ref, hasRef := e.member("refkey")
		values, hasValues := e.member("values")
		if !hasRef || ref.kind != kindString || !hasValues || values.kind != kindList {
			r.say(SeverityError, e.offset, path, `dependencies: a condition needs "refkey", the key of an item, and "values", a list`)
			continue
		}
		d := Dependency{Ref: ref.text}
		d.Values, _ = values.plain().([]any)
		if op, ok := e.member("operator"); ok {
			switch op.text {
			case "in", "":
			case "nin":
				d.Not = true
			default:
				r.say(SeverityError, op.offset, path, "dependencies: operator %s is not in or nin", op.shown())
			}
		}
		out = append(out, d)
	}
	return out
}
