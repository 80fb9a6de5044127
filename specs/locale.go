package specs

import (
	"fmt"
	"sort"
	"strings"
)

// fallbackLanguage answers for languages a package has no file for.
const fallbackLanguage = "en"

// parseLocales reads locale/<language>.json: one object of texts.
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
		if d, ok := src.checkText(); !ok {
			diags = append(diags, d)
			continue
		}
		doc, dups, bad := parseDocument(f[name])
		if bad != nil {
			diags = append(diags, src.diagnostic(SeverityError, bad.offset, "", "not valid JSON: "+bad.message))
			continue
		}
		if doc.kind != kindObject {
			diags = append(diags, src.diagnostic(SeverityError, doc.offset, "", fmt.Sprintf("expected an object of strings, found a %s", doc.kind)))
			continue
		}
		for _, d := range dups {
			diags = append(diags, src.diagnostic(SeverityWarning, d.offset, d.path, "duplicate key; the last one is used"))
		}
		texts := map[string]string{}
		for _, m := range doc.members {
			if m.value.kind != kindString {
				diags = append(diags, src.diagnostic(SeverityWarning, m.offset, m.key, fmt.Sprintf("expected a string, found a %s; the entry is ignored", m.value.kind)))
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
// does not have is answered from its base language ("zh" for "zh-tw"), then from English.
func (p *Package) ErrCode(lang string, code int) (string, bool) {
	key := fmt.Sprintf("err_code%d", code)
	lang = language(lang)
	base, _, _ := strings.Cut(lang, "-")
	for _, l := range []string{lang, base, fallbackLanguage} {
		if text, ok := p.Locales[l][key]; ok && text != "" {
			return text, true
		}
	}
	return "", false
}
