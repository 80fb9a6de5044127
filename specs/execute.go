package specs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sort"
)

// rendering is a template with values put in.
type rendering struct {
	text     []byte
	segments []segment
	end      int  // of the template, without white space behind
	cut      bool // at a limit
}

// segment maps a run of rendered text to the template. Literal text maps byte by byte, a value to its placeholder.
type segment struct {
	at, template int
	literal      bool
	value        any    // of a placeholder
	item         string // path of the item a placeholder stands for; "" for a part of a list
}

// origin is the template offset of a rendered offset, and the placeholder's value when it stands in one.
func (r *rendering) origin(offset int) segment {
	if offset >= len(r.text) {
		return segment{template: r.end, literal: true}
	}
	i := sort.Search(len(r.segments), func(i int) bool { return r.segments[i].at > offset }) - 1
	if i < 0 {
		return segment{literal: true}
	}
	s := r.segments[i]
	if s.literal {
		s.template += offset - s.at
	}
	return s
}

// item is the path of the item whose placeholder is the whole value rendered at offset.
func (r *rendering) item(offset int) (string, bool) {
	s := r.origin(offset)
	return s.item, s.item != "" && s.at == offset
}

// scope is what a section adds to name lookup: the item of a list it stands at, or the group it names.
type scope struct {
	isItem bool
	item   any
	path   string // of the item the section names; "" for one element of its list
	group  string
}

type executor struct {
	src    *source
	config *Config
	values settings
	out    rendering
	buf    bytes.Buffer
	diags  Diagnostics
	steps  int
	ended  bool // at a limit, which diags names
	// missing are the placeholders reported as unknown.
	missing map[*tag]bool
}

// execute puts values into the template.
func execute(ctx context.Context, src *source, tags []*tag, c *Config, values settings) (*rendering, Diagnostics) {
	x := &executor{src: src, config: c, values: values, missing: map[*tag]bool{}}
	x.run(ctx, tags, nil)
	x.out.text = x.buf.Bytes()
	x.out.cut = x.ended
	x.out.end = len(bytes.TrimRight(src.text, " \t\r\n"))
	return &x.out, x.diags
}

// step counts one tag and says whether rendering continues.
func (x *executor) step(ctx context.Context, t *tag) bool {
	x.steps++
	if x.ended {
		return false
	}
	switch {
	case x.steps > maxSteps:
		x.diags = append(x.diags, x.src.diagnostic(SeverityError, t.start, "",
			fmt.Sprintf("rendering executes more than %d tags: sections over lists multiply", maxSteps)))
	case x.buf.Len() > maxRendered:
		x.diags = append(x.diags, x.src.diagnostic(SeverityError, t.start, "",
			fmt.Sprintf("the rendered text is larger than %d KiB: sections over lists multiply", maxRendered>>10)))
	case x.steps%1024 == 0 && ctx.Err() != nil:
		x.diags = append(x.diags, interrupted(ctx))
	default:
		return true
	}
	x.ended = true
	return false
}

func (x *executor) run(ctx context.Context, tags []*tag, scopes []scope) {
	for _, t := range tags {
		if !x.step(ctx, t) {
			return
		}
		switch t.kind {
		case tagText:
			x.out.segments = append(x.out.segments, segment{at: x.buf.Len(), template: t.start, literal: true})
			x.buf.Write(x.src.text[t.start:t.end])
		case tagVariable:
			v, path, ok := x.lookup(t.name, scopes)
			if !ok {
				x.unknown(t) // and null in its place, so that lint can look at the JSON around it
			}
			x.out.segments = append(x.out.segments, segment{at: x.buf.Len(), template: t.start, value: v, item: path})
			x.buf.Write(EncodeJSON(v))
		default:
			x.section(ctx, t, scopes)
		}
	}
}

func (x *executor) section(ctx context.Context, t *tag, scopes []scope) {
	v, path, ok := x.lookup(t.name, scopes)
	if !ok {
		group, isGroup := x.group(t.name, scopes)
		switch {
		case !isGroup && inObject(scopes): // objects of a list may differ: {{^last}},{{/last}}
			if t.kind == tagInverted {
				x.run(ctx, t.children, scopes)
			}
		case !isGroup:
			x.unknown(t)
		case t.kind == tagSection:
			x.run(ctx, t.children, append(scopes[:len(scopes):len(scopes)], scope{group: group}))
		}
		return
	}
	if t.kind == tagInverted {
		if !truthy(v) {
			x.run(ctx, t.children, scopes)
		}
		return
	}
	if list, isList := v.([]any); isList {
		for _, e := range list {
			if !x.step(ctx, t) {
				return
			}
			x.run(ctx, t.children, append(scopes[:len(scopes):len(scopes)], scope{isItem: true, item: e}))
		}
		return
	}
	if truthy(v) {
		x.run(ctx, t.children, append(scopes[:len(scopes):len(scopes)], scope{isItem: true, item: v, path: path}))
	}
}

// lookup takes the whole dotted text as one key: in the list items around, below the groups around, then as item path.
// It also returns the path of the item whose whole value it is.
func (x *executor) lookup(name string, scopes []scope) (v any, path string, ok bool) {
	for i := len(scopes) - 1; i >= 0; i-- {
		s := scopes[i]
		if !s.isItem {
			path := join(s.group, name)
			if v, ok := x.values[path]; ok {
				return v, path, true
			}
			continue
		}
		if name == "." {
			return s.item, s.path, true
		}
		if m, ok := s.item.(map[string]any); ok {
			if v, ok := m[name]; ok {
				return v, "", true
			}
		}
	}
	if v, ok = x.values[name]; !ok {
		return nil, "", false
	}
	return v, name, true
}

func (x *executor) group(name string, scopes []scope) (string, bool) {
	for i := len(scopes) - 1; i >= 0; i-- {
		if g := join(scopes[i].group, name); !scopes[i].isItem && x.config.groups[g] {
			return g, true
		}
	}
	return name, x.config.groups[name]
}

func inObject(scopes []scope) bool {
	for _, s := range scopes {
		if _, ok := s.item.(map[string]any); ok {
			return true
		}
	}
	return false
}

func (x *executor) unknown(t *tag) {
	if !x.missing[t] {
		x.missing[t] = true
		x.diags.add(unknownPlaceholder(x.src, x.config, t))
	}
}

func unknownPlaceholder(src *source, c *Config, t *tag) Diagnostic {
	return src.diagnostic(SeverityError, t.start, t.name, fmt.Sprintf("unknown placeholder: %s has no item %q%s", ConfigFile, t.name, c.suggestion(t.name)))
}

// truthy decides sections: false, 0, "", null and empty lists are not.
func truthy(v any) bool {
	switch t := v.(type) {
	case nil:
		return false
	case bool:
		return t
	case string:
		return t != ""
	case json.Number:
		s, _ := shortest(t.String())
		return s != "0"
	case []any:
		return len(t) > 0
	}
	return true
}

// references walks all tags, rendered or not, and returns the used items and the unknown names. Inside a
// section over a list a name may belong to the list's items: execute finds out when it comes to them.
func references(src *source, tags []*tag, c *Config) (used map[string]bool, diags Diagnostics) {
	used = map[string]bool{}
	x := &executor{src: src, config: c}
	type surroundings struct {
		scopes []scope
		value  bool // inside a section over a value: {{.}} is known
		list   bool // inside a section over what may be a list of objects
	}
	var walk func(tags []*tag, in surroundings)
	walk = func(tags []*tag, in surroundings) {
		for _, t := range tags {
			if t.kind == tagText {
				continue
			}
			inner := in
			path, isItem := x.item(t.name, in.scopes)
			group, isGroup := x.group(t.name, in.scopes)
			switch {
			case isItem:
				used[path] = true
				it := c.byPath[path]
				inner.value = in.value || t.kind == tagSection
				inner.list = in.list || t.kind == tagSection && (it.listed() || it.resource())
			case isGroup && t.kind != tagVariable:
				inner.scopes = append(in.scopes[:len(in.scopes):len(in.scopes)], scope{group: group})
			case in.list || in.value && t.name == ".":
				inner.value, inner.list = true, in.list
			default:
				if diags.full(SeverityError) {
					return
				}
				diags.add(unknownPlaceholder(src, c, t))
			}
			walk(t.children, inner)
		}
	}
	walk(tags, surroundings{})
	return used, diags
}

// item is the path of the item a name means among groups around it.
func (x *executor) item(name string, scopes []scope) (string, bool) {
	for i := len(scopes) - 1; i >= 0; i-- {
		if p := join(scopes[i].group, name); x.config.byPath[p] != nil {
			return p, true
		}
	}
	return name, x.config.byPath[name] != nil
}
