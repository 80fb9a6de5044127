package specs

import (
	"slices"
	"strings"
)

// Field is a key that an object of a package may have.
type Field struct {
	Name string
	// Kind is the type of the value as a reader of the reference wants it: one of the Kind constants.
	Kind Kind
	// Default is what counts without the key, as text.
	Default string
	// Meaning is one sentence without a full stop.
	Meaning string
	// Ignored says why Drover does not act on the key; "" when it does.
	Ignored string
	// Object names the Object of the value, or of each element of a list.
	Object string
	// Choices are the only values, where there are few.
	Choices []string
}

// Kind is the type of a field's value.
type Kind string

// Kinds of values.
const (
	KindString  Kind = "string"
	KindInteger Kind = "integer"
	KindNumber  Kind = "number"
	KindBoolean Kind = "boolean"
	KindStrings Kind = "list of strings"
	KindList    Kind = "list"
	KindObject  Kind = "object"
	KindObjects Kind = "list of objects"
	KindTexts   Kind = "string or list of strings"
	KindNames   Kind = "object of free names"
	KindYesNo   Kind = "yes or no"
	KindAny     Kind = "any"
)

// Object is one kind of JSON object of a package: the keys it may have, or the kind of its members when their names are the
// author's.
type Object struct {
	Name string
	// Path is where it stands in its file, as in "nodes[].services.NAME".
	Path string
	// Purpose is one sentence without a full stop.
	Purpose string
	Fields  []Field
	// Members names the Object of members with free names; Named are the names among them that are objects of their own.
	Members string
	Named   []Field
	// Open objects may have any member, with any value.
	Open bool
}

// Field finds a key of the object.
func (o *Object) Field(name string) (*Field, bool) {
	i := slices.IndexFunc(o.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return &o.Fields[i], true
}

// names are the keys of the object.
func (o *Object) names() []string {
	out := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		out[i] = f.Name
	}
	return out
}

// authorPrefix begins keys that are the author's own: they may stand in every object and mean nothing to Drover.
const authorPrefix = "x-"

func authorsOwn(key string) bool { return strings.HasPrefix(key, authorPrefix) }

// ClusterVocabulary are the objects of a rendered cluster.json, outermost first; ConfigVocabulary are those of config.json.
func ClusterVocabulary() []Object { return clusterVocabulary }

// ConfigVocabulary are the objects of config.json, outermost first.
func ConfigVocabulary() []Object { return configVocabulary }

func objectNamed(vocabulary []Object, name string) *Object {
	for i := range vocabulary {
		if vocabulary[i].Name == name {
			return &vocabulary[i]
		}
	}
	return nil
}

// Standards are the names of the services every package may define, sorted.
func Standards() []string {
	out := make([]string, 0, len(standardServices))
	for name := range standardServices {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// field is a key Drover acts on.
func field(name string, kind Kind, def, meaning string) Field {
	return Field{Name: name, Kind: kind, Default: def, Meaning: meaning}
}

// unused is a key of AppCenter that Drover knows and does not act on.
func unused(name string, kind Kind, meaning, why string) Field {
	return Field{Name: name, Kind: kind, Meaning: meaning, Ignored: why}
}

func (f Field) of(object string) Field {
	f.Object = object
	return f
}

func (f Field) among(choices ...string) Field {
	f.Choices = choices
	return f
}
