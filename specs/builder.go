package specs

import (
	"encoding/json"
	"fmt"
	"strings"
)

// builder turns a rendered document into a Cluster and says what is wrong with it, placed in the template.
type builder struct {
	src   *source
	text  *rendering
	conf  *Config
	diags Diagnostics
	// strict is set by lint: what a running cluster may have, and a package should not, is an error.
	strict bool
	kept   int // bytes of raw values: what every role inherits is kept once per role
}

func (b *builder) say(sev Severity, v *value, path, format string, args ...any) {
	if !b.diags.full(sev) {
		b.diags.add(b.src.diagnostic(sev, b.text.origin(v.offset).template, path, fmt.Sprintf(format, args...)))
	}
}

func (b *builder) fail(v *value, path, format string, args ...any) {
	b.say(SeverityError, v, path, format, args...)
}

// lint is an error of lint, and a warning elsewhere: a published package stays usable.
func (b *builder) lint(v *value, path, format string, args ...any) {
	sev := SeverityWarning
	if b.strict {
		sev = SeverityError
	}
	b.say(sev, v, path, format, args...)
}

func (b *builder) warn(v *value, path, format string, args ...any) {
	b.say(SeverityWarning, v, path, format, args...)
}

// fields reads the members of one object; null members count as absent. Every key that is asked for is known, the rest
// is extra.
type fields struct {
	b     *builder
	obj   *value
	path  string
	known map[string]bool
}

// object begins reading v; nil when it is not an object (which is an error).
func (b *builder) object(v *value, path string) *fields {
	if v.kind != kindObject {
		b.fail(v, path, "expected an object, found a %s", v.kind)
		return nil
	}
	return &fields{b: b, obj: v, path: path, known: map[string]bool{}}
}

func (f *fields) at(key string) string { return join(f.path, key) }

func (f *fields) get(key string) (*value, bool) {
	f.known[key] = true
	v, ok := f.obj.member(key)
	if !ok || v.kind == kindNull {
		return nil, false
	}
	return v, true
}

// text reads a string; numbers count as their text, since classes are written both ways.
func (f *fields) text(key string) string {
	v, ok := f.get(key)
	if !ok {
		return ""
	}
	switch v.kind {
	case kindString, kindNumber:
		return textOf(v.plain())
	}
	f.b.fail(v, f.at(key), "expected a string, found a %s", v.kind)
	return ""
}

// integer reads a whole number from lo to hi; a string holding one is tolerated.
func (f *fields) integer(key string, def, lo, hi int) int {
	v, ok := f.get(key)
	if !ok {
		return def
	}
	n, why := wholeNumber(v)
	if why != "" {
		f.b.fail(v, f.at(key), "expected an integer, found %s", why)
		return def
	}
	if n < int64(lo) || n > int64(hi) {
		f.b.fail(v, f.at(key), "%d is not allowed: from %d to %d", n, lo, hi)
		return def
	}
	return int(n)
}

func wholeNumber(v *value) (n int64, found string) {
	if v.kind == kindNumber || v.kind == kindString {
		text, _ := shortest(strings.TrimSpace(v.text))
		if isInteger(text) {
			if n, err := json.Number(text).Int64(); err == nil {
				return n, ""
			}
		}
		return 0, v.shown()
	}
	return 0, "a " + string(v.kind)
}

// flag reads a boolean; "true" and "false" as strings are tolerated.
func (f *fields) flag(key string, def bool) bool {
	v, ok := f.get(key)
	if !ok {
		return def
	}
	if v.kind == kindBool {
		return v.truth
	}
	switch textOf(v.plain()) {
	case "true":
		return true
	case "false":
		return false
	}
	f.b.fail(v, f.at(key), "expected true or false, found %s", v.shown())
	return def
}

// choice reads one of a few words; the first is the default.
func (f *fields) choice(key string, words ...string) string {
	got := f.text(key)
	if got == "" {
		return words[0]
	}
	for _, w := range words {
		if got == w {
			return got
		}
	}
	v, _ := f.get(key)
	f.b.fail(v, f.at(key), "%q is not allowed: one of %s", got, strings.TrimPrefix(strings.Join(words, ", "), ", "))
	return words[0]
}

// texts reads a list of strings; nil when absent.
func (f *fields) texts(key string) []string {
	v, ok := f.get(key)
	if !ok {
		return nil
	}
	if v.kind != kindList {
		f.b.fail(v, f.at(key), "expected a list of strings, found a %s", v.kind)
		return nil
	}
	out := make([]string, 0, len(v.elems))
	for i, e := range v.elems {
		if e.kind != kindString {
			f.b.fail(e, fmt.Sprintf("%s[%d]", f.at(key), i), "expected a string, found a %s", e.kind)
			continue
		}
		out = append(out, e.text)
	}
	return out
}

// item is the item whose placeholder is the whole of v.
func (b *builder) item(v *value) (*Item, bool) {
	path, ok := b.text.item(v.offset)
	if !ok {
		return nil, false
	}
	it, ok := b.conf.byPath[path]
	return it, ok
}

// raw keeps a value as it is; nil when absent.
func (f *fields) raw(key string) json.RawMessage {
	v, ok := f.get(key)
	if !ok {
		return nil
	}
	out := v.raw()
	f.b.kept += len(out)
	return out
}

// extra are the unread members, under prefix.
func (f *fields) extra(prefix string, into map[string]json.RawMessage) {
	for _, m := range f.obj.members {
		if !f.known[m.key] {
			into[prefix+m.key] = m.value.raw()
		}
	}
}
