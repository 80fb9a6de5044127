package specs

import (
	"fmt"
	"strings"
)

// This package reads cluster.json.mustache itself instead of using a mustache library: the whole dotted text of a placeholder is
// ONE key, and every byte of the result must be traceable to its place in the template. The note
// docs/decisions/2026-11-29-mustache.md gives the reasons, mustache_test.go the proof. Supported are {{name}}, {{{name}}} and
// {{&name}} (all the same: JSON encoding, no HTML escaping), {{! comments }}, sections, inverted sections and changed
// delimiters. Partials are refused: a package has no further files.
//
// White space of standalone tag lines is kept: between JSON tokens it means nothing, and a JSON string has no lines.

type tagKind byte

const (
	tagText     tagKind = 't'
	tagVariable tagKind = 'v'
	tagSection  tagKind = '#'
	tagInverted tagKind = '^'
)

// tag is a piece of a template. Text covers template[start:end].
type tag struct {
	kind       tagKind
	name       string
	start, end int
	children   []*tag
}

type templateReader struct {
	src         *source
	text        string
	open, close string
	diags       Diagnostics
}

// parseTemplate gives the pieces of the template, and every tag that is wrong.
func parseTemplate(src *source) ([]*tag, Diagnostics) {
	r := &templateReader{src: src, text: string(src.text), open: "{{", close: "}}"}
	root := &tag{}
	stack := []*tag{root}
	for at := 0; at < len(r.text) && !r.diags.full(SeverityError); {
		i := strings.Index(r.text[at:], r.open)
		if i < 0 {
			i = len(r.text) - at
		}
		top := stack[len(stack)-1]
		if i > 0 {
			top.children = append(top.children, &tag{kind: tagText, start: at, end: at + i})
		}
		at += i
		if at == len(r.text) {
			break
		}
		t, next, ok := r.tag(at)
		if !ok {
			at = next
			continue
		}
		switch t.kind {
		case tagVariable, tagText:
			top.children = append(top.children, t)
		case tagSection, tagInverted:
			if len(stack) > maxSections {
				r.fail(at, "sections nested deeper than %d", maxSections)
				return root.children, r.diags
			}
			top.children = append(top.children, t)
			stack = append(stack, t)
		case '/':
			if len(stack) == 1 {
				r.fail(at, "{{/%s}} closes a section that is not open", t.name)
			} else {
				if top.name != t.name {
					line, _ := src.position(top.start)
					r.fail(at, "{{/%s}} closes the section %s opened in line %d", t.name, top.name, line)
				}
				stack = stack[:len(stack)-1]
			}
		}
		at = next
	}
	for _, t := range stack[1:] {
		r.fail(t.start, "section %s is never closed", t.name)
	}
	return root.children, r.diags
}

func (r *templateReader) fail(at int, format string, args ...any) {
	r.diags.add(r.src.diagnostic(SeverityError, at, "", fmt.Sprintf(format, args...)))
}

// tag reads the tag at r.open and moves r behind it. False: nothing to add (a comment, or an error already reported).
func (r *templateReader) tag(at int) (*tag, int, bool) {
	body := at + len(r.open)
	if r.open == "{{" && strings.HasPrefix(r.text[body:], "{") {
		// {{{name}}}; but an object whose key is a placeholder, {{{name}}: 1}, is a brace and a placeholder.
		end := strings.Index(r.text[body:], "}}")
		if end >= 0 && strings.HasPrefix(r.text[body+end:], "}}}") {
			return r.variable(at, r.text[body+1:body+end], body+end+3)
		}
		return &tag{kind: tagText, start: at, end: at + 1}, at + 1, true
	}
	end := strings.Index(r.text[body:], r.close)
	if end < 0 {
		r.fail(at, "%s is never closed with %s", r.open, r.close)
		return nil, len(r.text), false
	}
	inner, next := r.text[body:body+end], body+end+len(r.close)
	if inner == "" {
		r.fail(at, "empty placeholder")
		return nil, next, false
	}
	switch inner[0] {
	case '!':
		return nil, next, false
	case '&':
		return r.variable(at, inner[1:], next)
	case '#', '^', '/':
		name := strings.TrimSpace(inner[1:])
		if len(name) > maxPath {
			r.fail(at, "the name of a section is longer than %d bytes", maxPath)
			return nil, next, false
		}
		return &tag{kind: tagKind(inner[0]), name: name, start: at, end: next}, next, true
	case '>', '<', '$':
		r.fail(at, "partials and blocks ({{%s}}) are not supported: a package has one template", strings.TrimSpace(inner))
		return nil, next, false
	case '=':
		parts := strings.Fields(strings.TrimSuffix(inner[1:], "="))
		if len(parts) != 2 || !strings.HasSuffix(inner, "=") || strings.Contains(parts[0]+parts[1], "=") {
			r.fail(at, "invalid change of delimiters {{%s}}; write {{=OPEN CLOSE=}}", inner)
			return nil, next, false
		}
		r.open, r.close = parts[0], parts[1]
		return nil, next, false
	}
	return r.variable(at, inner, next)
}

func (r *templateReader) variable(at int, inner string, next int) (*tag, int, bool) {
	name := strings.TrimSpace(inner)
	if name == "" {
		r.fail(at, "empty placeholder")
		return nil, next, false
	}
	if strings.ContainsAny(name, "\n\"{}") {
		first, _, _ := strings.Cut(name, "\n")
		r.fail(at, "placeholder %q is not closed properly", brief(strings.TrimSpace(first)))
		return nil, at + len(r.open), false
	}
	if len(name) > maxPath {
		r.fail(at, "a placeholder is longer than %d bytes", maxPath)
		return nil, next, false
	}
	return &tag{kind: tagVariable, name: name, start: at, end: next}, next, true
}
