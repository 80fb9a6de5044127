package confd

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"text/template"
	"time"
)

// scope is what template functions can see while a template runs. The engine renders one template at a time and points
// the scope at that resource's keys first, so that templates are compiled once with one function map.
type scope struct {
	tree *Tree
	now  func() time.Time
	// root is put before paths of the node (fileExists).
	root string
	// render executes another file of templates/; stack holds the templates that are running, innermost last.
	load  func(name string) (*template.Template, error)
	stack []*template.Template

	regexps map[string]*expression
	usage   usage
}

// functions is the whole template language beside Go's own.
func (s *scope) functions() template.FuncMap {
	all := template.FuncMap{
		"exists": s.exists, "get": s.get, "getv": s.getv, "gets": s.gets, "getvs": s.getvs,
		"ls":    func(path string) []string { return s.tree.list(path, false) },
		"lsdir": func(path string) []string { return s.tree.list(path, true) },

		"filter": s.filter, "regexMatch": s.regexMatch, "regexFind": s.regexFind, "regexReplaceAll": s.regexReplaceAll,

		"datetime": s.now, "fileExists": s.fileExists, "include": s.include,
		"getenv": getenv, "hostname": hostname, "lookupIP": lookupIP, "lookupSRV": lookupSRV,
	}
	for _, group := range []template.FuncMap{printFunctions, textFunctions, mathFunctions, compareFunctions, dataFunctions, listFunctions} {
		maps.Copy(all, group)
	}
	for name, f := range all {
		all[name] = s.counted(name, f)
	}
	maps.Copy(all, s.countingFunctions())
	return all
}

func (s *scope) exists(key string) bool {
	_, found := s.tree.value(key)
	return found
}

func (s *scope) get(key string) (Pair, error) {
	value, found := s.tree.value(key)
	if !found {
		return Pair{}, missing(key)
	}
	return Pair{key, value}, nil
}

// getv: a default counts also when it is empty, and a key that is present but empty wins over it.
func (s *scope) getv(key string, otherwise ...string) (string, error) {
	value, found := s.tree.value(key)
	if !found {
		if len(otherwise) == 0 {
			return "", missing(key)
		}
		return otherwise[0], nil
	}
	return value, nil
}

func missing(key string) error { return fmt.Errorf("key %q does not exist", key) }

func (s *scope) gets(pattern string) ([]Pair, error) { return s.tree.match(pattern) }

// getvs sorts by value, not by key: that is the order packages see today.
func (s *scope) getvs(pattern string) ([]string, error) {
	pairs, err := s.tree.match(pattern)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(pairs))
	for i, p := range pairs {
		values[i] = p.Value
	}
	slices.Sort(values)
	return values, nil
}

// maxInclude stops a template that includes itself; no real template nests this deep.
const maxInclude = 64

// include renders a template that the running file defines, or else another file of templates/, over the same keys.
// The optional argument is its dot.
func (s *scope) include(name string, dot ...any) (string, error) {
	if len(dot) > 1 {
		return "", fmt.Errorf("wants a name and at most one value, got %d values", len(dot))
	}
	if len(s.stack) >= maxInclude {
		return "", fmt.Errorf("%q is the %dth template inside another: does it include itself?", name, maxInclude)
	}
	var tmpl *template.Template
	if len(s.stack) > 0 {
		tmpl = s.stack[len(s.stack)-1].Lookup(name)
	}
	if tmpl == nil {
		var err error
		if tmpl, err = s.load(name); err != nil {
			return "", err
		}
	}
	var data any
	if len(dot) == 1 {
		data = dot[0]
	}
	var out bytes.Buffer
	s.stack = append(s.stack, tmpl)
	defer func() { s.stack = s.stack[:len(s.stack)-1] }()
	err := tmpl.Execute(&bounded{&out, maxValue}, data)
	return out.String(), err
}
