package specs

import (
	"fmt"
	"strings"

	"drover/fault"
)

// keyCheck walks a JSON document along a vocabulary. Unknown keys are errors: with a typing error in timeout a command has the
// default time. Keys that are known and without effect are named once each.
type keyCheck struct {
	vocabulary []Object
	say        func(sev Severity, offset int, path, message string)
	named      map[string]bool // what is without effect and was said
}

func (s *keyCheck) value(object string, v *value, path string) {
	o := objectNamed(s.vocabulary, object)
	if o == nil || o.Open {
		return
	}
	if v.kind == kindList {
		for i, e := range v.elems {
			s.value(object, e, fmt.Sprintf("%s[%d]", path, i))
		}
		return
	}
	for _, m := range v.members {
		s.member(o, m, join(path, m.key))
	}
}

func (s *keyCheck) member(o *Object, m member, path string) {
	if authorsOwn(m.key) {
		return
	}
	f, known := o.Field(m.key)
	if o.Members != "" {
		f, known = o.memberField(m.key), true
	}
	if !known {
		s.say(SeverityError, m.offset, path, fmt.Sprintf("unknown key %q of %s%s; keys of your own begin with %s", brief(m.key), o.spoken(), fault.DidYouMean(m.key, o.names()), authorPrefix))
		return
	}
	if m.value.kind == kindNull {
		return
	}
	if f.Ignored != "" {
		s.ignored(o, f, m, path)
	}
	if f.Object != "" {
		s.value(f.Object, m.value, path)
	}
}

// ignored names a key without effect, unless its value asks for nothing.
func (s *keyCheck) ignored(o *Object, f *Field, m member, path string) {
	id := o.Name + "." + f.Name
	if s.named[id] || idle(m.value) {
		return
	}
	if s.named == nil {
		s.named = map[string]bool{}
	}
	s.named[id] = true
	s.say(SeverityWarning, m.offset, path, fmt.Sprintf("%q of %s is known and has no effect: %s", f.Name, o.spoken(), f.Ignored))
}

// idle values ask for nothing: false, 0, empty texts, lists and objects.
func idle(v *value) bool {
	switch v.kind {
	case kindBool:
		return !v.truth
	case kindNumber:
		return v.text == "0"
	case kindString:
		return v.text == "" || v.text == "no" || v.text == "false"
	case kindList:
		return len(v.elems) == 0
	case kindObject:
		return len(v.members) == 0
	}
	return true
}

// memberField is what a member with a free name is.
func (o *Object) memberField(name string) *Field {
	for i := range o.Named {
		if o.Named[i].Name == name {
			return &o.Named[i]
		}
	}
	return &Field{Name: name, Object: o.Members}
}

// spoken is the object's name in a sentence.
func (o *Object) spoken() string {
	if strings.ContainsRune("aeiou", rune(o.Name[0])) {
		return "an " + strings.ReplaceAll(o.Name, "_", " ")
	}
	return "a " + strings.ReplaceAll(o.Name, "_", " ")
}

// checkKeys checks the rendered document.
func (b *builder) checkKeys(doc *value) {
	s := keyCheck{vocabulary: clusterVocabulary, say: func(sev Severity, offset int, path, message string) {
		if sev == SeverityError {
			b.lint(&value{offset: offset}, path, "%s", message)
		} else {
			b.warn(&value{offset: offset}, path, "%s", message)
		}
	}}
	s.value("cluster", doc, "")
}

// checkConfigKeys checks config.json. Groups and items are told apart by "properties".
func checkConfigKeys(src *source, doc *value) Diagnostics {
	var diags Diagnostics
	s := keyCheck{vocabulary: configVocabulary, say: func(sev Severity, offset int, path, message string) {
		diags.add(src.diagnostic(sev, offset, path, message))
	}}
	var walk func(object string, v *value, path string)
	walk = func(object string, v *value, path string) {
		if key, ok := v.member("key"); ok && object != "config" {
			path = join(path, key.text)
		}
		o := objectNamed(configVocabulary, object)
		for _, m := range v.members {
			if m.key != "properties" {
				s.member(o, m, path)
			}
		}
		below, _ := v.member("properties")
		if below == nil {
			return
		}
		for _, e := range below.elems {
			if _, nested := e.member("properties"); nested {
				walk("group", e, path)
			} else {
				walk("item", e, path)
			}
		}
	}
	walk("config", doc, "")
	return diags
}
