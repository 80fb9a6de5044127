package confd

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"text/template"
)

var listFunctions = template.FuncMap{
	"map": createMap, "dict": dict, "list": func(items ...any) []any { return slices.Clone(items) },
	"hasKey": func(m map[string]any, key string) bool { _, found := m[key]; return found },
	"keys":   keys, "values": values, "append": appendTo,
	"reverse": reverse, "sortByLength": sortByLength, "sortKVByLength": sortKVByLength,
	"default": defaultTo, "empty": empty, "coalesce": coalesce,
	"ternary": func(yes, no any, condition bool) any {
		if condition {
			return yes
		}
		return no
	},
}

// createMap is `map`: pairs of a text key and any value.
func createMap(args ...any) (map[string]any, error) {
	if len(args)%2 != 0 {
		return nil, errors.New("wants pairs of key and value, got an odd number of arguments")
	}
	m := make(map[string]any, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		key, ok := args[i].(string)
		if !ok {
			return nil, fmt.Errorf("key %d is a %T, not text", i/2+1, args[i])
		}
		m[key] = args[i+1]
	}
	return m, nil
}

// dict is createMap's lenient sister: keys are printed, and a last key without value gets "".
func dict(args ...any) map[string]any {
	m := make(map[string]any, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		var value any = ""
		if i+1 < len(args) {
			value = args[i+1]
		}
		m[fmt.Sprint(args[i])] = value
	}
	return m
}

// keys are sorted, so that a file does not change from pass to pass.
func keys(dicts ...map[string]any) []string {
	all := []string{}
	for _, m := range dicts {
		for key := range m {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

// values are in the order of their keys.
func values(m map[string]any) []any {
	all := []any{}
	for _, key := range keys(m) {
		all = append(all, m[key])
	}
	return all
}

// appendTo gives a new list. Text appended to a list of text stays one, so that `join` takes it.
func appendTo(list, item any) (any, error) {
	if texts, ok := list.([]string); ok {
		if text, ok := item.(string); ok {
			return append(slices.Clone(texts), text), nil
		}
	}
	items, err := itemsOf(list)
	if err != nil {
		return nil, err
	}
	return append(items, item), nil
}

// itemsOf copies any list into one of any.
func itemsOf(list any) ([]any, error) {
	r := reflect.ValueOf(list)
	if k := r.Kind(); k != reflect.Slice && k != reflect.Array {
		return nil, fmt.Errorf("wants a list, got a %T", list)
	}
	items := make([]any, r.Len(), r.Len()+1)
	for i := range items {
		items[i] = r.Index(i).Interface()
	}
	return items, nil
}

func reverse(list any) (any, error) {
	switch list := list.(type) {
	case []string:
		return reversed(list), nil
	case []Pair:
		return reversed(list), nil
	case []int:
		return reversed(list), nil
	}
	items, err := itemsOf(list)
	slices.Reverse(items)
	return items, err
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func sortByLength(list []string) []string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b string) int { return len(a) - len(b) })
	return list
}

func sortKVByLength(list []Pair) []Pair {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Pair) int { return len(a.Key) - len(b.Key) })
	return list
}

func defaultTo(otherwise any, given ...any) any {
	if len(given) == 0 || empty(given[0]) {
		return otherwise
	}
	return given[0]
}

func coalesce(args ...any) any {
	for _, arg := range args {
		if !empty(arg) {
			return arg
		}
	}
	return nil
}

// empty: nil, false, 0, "" and lists and maps without elements.
func empty(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice, reflect.Array, reflect.Map, reflect.String, reflect.Chan:
		return r.Len() == 0
	case reflect.Struct:
		return false
	}
	return r.IsZero()
}

// filter keeps texts, and pairs by their value, in which the expression is found; other elements are dropped. Its
// result is a list of any, which `join` does not take.
func (s *scope) filter(expression string, list any) ([]any, error) {
	kept := []any{}
	if r := reflect.ValueOf(list); (r.Kind() == reflect.Slice || r.Kind() == reflect.Array) && r.Len() == 0 {
		return kept, nil // also with an expression that does not compile: packages compute them from what is in the list
	}
	re, err := s.regexp(expression, weigh(reflect.ValueOf(list), 0, maxValue))
	if err != nil {
		return nil, err
	}
	keep := func(item any) {
		switch item := item.(type) {
		case string:
			if re.MatchString(item) {
				kept = append(kept, item)
			}
		case Pair:
			if re.MatchString(item.Value) {
				kept = append(kept, item)
			}
		}
	}
	switch list := list.(type) {
	case []string:
		for _, item := range list {
			keep(item)
		}
	case []Pair:
		for _, item := range list {
			keep(item)
		}
	default:
		items, err := itemsOf(list)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			keep(item)
		}
	}
	return kept, nil
}

// Bounds of the cache of compiled expressions, as a template can compute them, and of matching: an expression takes time
// for each of its instructions at each byte.
const (
	maxRegexps      = 64
	maxInstructions = 10_000
	maxMatching     = 1 << 30 // instructions times bytes
)

type expression struct {
	*regexp.Regexp
	instructions int
}

// regexp gives the compiled expression for a text of that many bytes.
func (s *scope) regexp(text string, bytes int) (*expression, error) {
	e := s.regexps[text]
	if e == nil {
		tree, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return nil, err
		}
		program, err := syntax.Compile(tree.Simplify())
		if err != nil {
			return nil, err
		}
		if len(program.Inst) > maxInstructions {
			return nil, beyond("a regular expression of %d instructions; at most %d", len(program.Inst), maxInstructions)
		}
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, err
		}
		if len(s.regexps) >= maxRegexps || s.regexps == nil {
			s.regexps = map[string]*expression{}
		}
		e = &expression{re, len(program.Inst)}
		s.regexps[strings.Clone(text)] = e
	}
	if bytes > maxMatching/e.instructions {
		return nil, beyond("a regular expression of %d instructions is matched against %d bytes", e.instructions, bytes)
	}
	return e, nil
}

func (s *scope) regexMatch(expression, text string) (bool, error) {
	re, err := s.regexp(expression, len(text))
	return err == nil && re.MatchString(text), err
}

func (s *scope) regexFind(expression, text string) (string, error) {
	re, err := s.regexp(expression, len(text))
	if err != nil {
		return "", err
	}
	return re.FindString(text), nil
}

func (s *scope) regexReplaceAll(expression, text, with string) (string, error) {
	re, err := s.regexp(expression, len(text))
	if err != nil {
		return "", err
	}
	if len(with) > 0 && len(text) > 8*maxValue/len(with) {
		return "", beyond("regexReplaceAll could make a value of more than %d MiB", maxValue>>20)
	}
	return re.ReplaceAllString(text, with), nil
}
