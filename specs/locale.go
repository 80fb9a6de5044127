package specs

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// fallbackLanguage answers for languages a package has no file for.
const fallbackLanguage = "en"

// parseLocale reads JSON that may have commas before a closing brace, as editors leave them; told are their places.
func parseLocale(text []byte, told func(at int)) (*value, []duplicate, *syntaxError) {
	const most = 20
	for i := 0; ; i++ {
		doc, dups, bad := parseDocument(text)
		if bad == nil || i == most || !strings.HasSuffix(bad.message, commaTooMany) {
			return doc, dups, bad
		}
		at := bytes.LastIndexByte(text[:bad.offset], ',')
		told(at)
		text = bytes.Clone(text)
		text[at] = ' '
	}
}

// parseLocales reads locale/<language>.json: one object of texts. A package runs without them, so all that is wrong is a
// warning.
func parseLocales(f files) (map[string]map[string]string, Diagnostics) {
	out := map[string]map[string]string{}
	var diags Diagnostics
	var names []string
	for name := range f {
		if strings.HasPrefix(name, "locale/") {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		src := newSource(name, f[name])
		warn := func(at int, path, message string) {
			diags.add(src.diagnostic(SeverityWarning, at, path, message))
		}
		if d, ok := src.checkText(); !ok {
			d.Severity, d.Message = SeverityWarning, d.Message+"; the file is ignored"
			diags.add(d)
			continue
		}
		doc, dups, bad := parseLocale(f[name], func(at int) { warn(at, "", "a comma without a value behind it") })
		if bad != nil {
			warn(bad.offset, "", "not valid JSON: "+bad.message+"; the file is ignored")
			continue
		}
		if doc.kind != kindObject {
			warn(doc.offset, "", fmt.Sprintf("expected an object of strings, found a %s; the file is ignored", doc.kind))
			continue
		}
		for _, d := range dups {
			warn(d.offset, d.path, "duplicate key; the last one is used")
		}
		texts := map[string]string{}
		for _, m := range doc.members {
			if m.value.kind != kindString {
				warn(m.offset, m.key, fmt.Sprintf("expected a string, found a %s; the entry is ignored", m.value.kind))
				continue
			}
			texts[m.key] = m.value.text
		}
		out[language(strings.TrimSuffix(strings.TrimPrefix(name, "locale/"), ".json"))] = texts
	}
	return out, diags
}

// language gives the one spelling of a language: "zh_CN" is "zh-cn".
func language(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// ErrCode is the package's text for an exit code of its commands, err_code<code> of its locale. A language the package
// does not have is answered from its base language ("zh" for "zh-tw"), then from English, then from any other: a text in a
// language that is not understood says more than a number.
func (p *Package) ErrCode(lang string, code int) (string, bool) {
	key := fmt.Sprintf("err_code%d", code)
	lang = language(lang)
	base, _, _ := strings.Cut(lang, "-")
	for _, l := range append([]string{lang, base, fallbackLanguage}, slices.Sorted(maps.Keys(p.Locales))...) {
		if text, ok := p.Locales[l][key]; ok && text != "" {
			return text, true
		}
	}
	return "", false
}
