package confd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

// Limits of one template's run. Templates come with packages; one that runs away is a failed resource with a message, and
// neither the node's memory nor its processor is lost to it. Real templates stay far below.
const (
	maxFile     = 32 << 20  // bytes of the result
	maxValue    = 8 << 20   // bytes of one value: a text, or a list with all that is in it
	maxMade     = 512 << 20 // bytes of all values made
	maxSteps    = 2_000_000 // function calls and elements of ranges
	maxNesting  = 100       // lists within lists
	maxTemplate = 1000      // templates within templates
	maxTime     = 30 * time.Second
)

// limitError ends a run. It is shown without the place, which would be in an action of this package.
type limitError struct{ text string }

func (e *limitError) Error() string { return e.text }

func beyond(format string, args ...any) error { return &limitError{fmt.Sprintf(format, args...)} }

// usage is what one run has used.
type usage struct {
	ctx         context.Context
	steps, made int
	depth       int
	end         time.Time
}

func (u *usage) step() error {
	u.steps++
	switch {
	case u.steps > maxSteps:
		return beyond("the template takes more than %d steps: function calls and elements of ranges", maxSteps)
	case u.steps%256 != 0:
		return nil
	case u.ctx != nil && u.ctx.Err() != nil:
		return beyond("interrupted: %v", context.Cause(u.ctx))
	case !u.end.IsZero() && time.Now().After(u.end):
		return beyond("the template takes longer than %s", maxTime)
	}
	return nil
}

func (u *usage) make(size int) error {
	if u.made += size; u.made > maxMade {
		return beyond("the template makes more than %d MiB of values", maxMade>>20)
	}
	return nil
}

// The actions that are put into every compiled template: text/template cannot be interrupted from outside.
const enterName, leaveName, stepName = "_enter", "_leave", "_step"

func (s *scope) countingFunctions() template.FuncMap {
	return template.FuncMap{
		stepName: func() (string, error) { return "", s.usage.step() },
		enterName: func() (string, error) {
			if s.usage.depth++; s.usage.depth > maxTemplate {
				return "", beyond("more than %d templates inside another", maxTemplate)
			}
			return "", s.usage.step()
		},
		leaveName: func() string { s.usage.depth--; return "" },
	}
}

// count puts the counting actions into a template and all it defines.
func (t *templates) count(tmpl *template.Template) error {
	actions, err := template.New("").Funcs(t.scope.countingFunctions()).Parse("{{" + enterName + "}}{{" + leaveName + "}}{{" + stepName + "}}")
	if err != nil {
		return err
	}
	enter, leave, step := actions.Root.Nodes[0], actions.Root.Nodes[1], actions.Root.Nodes[2]
	for _, part := range tmpl.Templates() {
		if part.Tree != nil && part.Root != nil {
			countRanges(part.Root, step)
			part.Root.Nodes = append(append([]parse.Node{enter}, part.Root.Nodes...), leave)
		}
	}
	return nil
}

func countRanges(list *parse.ListNode, step parse.Node) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.IfNode:
			countRanges(n.List, step)
			countRanges(n.ElseList, step)
		case *parse.WithNode:
			countRanges(n.List, step)
			countRanges(n.ElseList, step)
		case *parse.RangeNode:
			countRanges(n.List, step)
			countRanges(n.ElseList, step)
			n.List.Nodes = append([]parse.Node{step}, n.List.Nodes...)
		}
	}
}

// plain is a run's error; that of a limit without the place in text/template's words.
func plain(err error) error {
	var limit *limitError
	if errors.As(err, &limit) {
		return limit
	}
	return err
}

var errorType = reflect.TypeFor[error]()

// counted makes a function of the language count its calls, and refuse values that are too large.
func (s *scope) counted(name string, f any) any {
	fn := reflect.ValueOf(f)
	t := fn.Type()
	var in []reflect.Type
	for i := range t.NumIn() {
		in = append(in, t.In(i))
	}
	call := fn.Call
	if t.IsVariadic() {
		call = fn.CallSlice
	}
	fails := func(err error) []reflect.Value {
		return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
	}
	return reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{t.Out(0), errorType}, t.IsVariadic()), func(args []reflect.Value) []reflect.Value {
		if err := s.usage.step(); err != nil {
			return fails(err)
		}
		size := 0
		for _, arg := range args {
			if size += weigh(arg, 0, maxValue-size); size > maxValue {
				return fails(beyond("%s gets a value of more than %d MiB, or one nested deeper than %d", name, maxValue>>20, maxNesting))
			}
		}
		out := call(args)
		if len(out) == 2 && !out[1].IsNil() {
			return out
		}
		size = weigh(out[0], 0, maxValue)
		if size > maxValue {
			return fails(beyond("%s makes a value of more than %d MiB, or one nested deeper than %d", name, maxValue>>20, maxNesting))
		}
		if err := s.usage.make(size); err != nil {
			return fails(err)
		}
		if len(out) == 2 {
			return out
		}
		return append(out, reflect.Zero(errorType))
	}).Interface()
}

// weigh is about how many bytes a value takes when everything in it is written out; more than most is not weighed further.
// Pairs share their texts with the tree.
func weigh(v reflect.Value, depth, most int) int {
	if depth > maxNesting {
		return most + 1
	}
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() && v.Kind() == reflect.Interface {
			return weigh(v.Elem(), depth, most)
		}
	case reflect.Slice, reflect.Array:
		if k := v.Type().Elem().Kind(); k != reflect.String && k != reflect.Interface && k != reflect.Slice && k != reflect.Map {
			return v.Len() * int(v.Type().Elem().Size())
		}
		size := 16 * v.Len()
		for i := 0; i < v.Len() && size <= most; i++ {
			size += weigh(v.Index(i), depth+1, most-size)
		}
		return size
	case reflect.Map:
		size := 0
		for it := v.MapRange(); it.Next() && size <= most; {
			size += 32 + weigh(it.Key(), depth+1, most-size)
			size += weigh(it.Value(), depth+1, most-size)
		}
		return size
	}
	return 8
}

// printFunctions take the place of Go's own, so that they are counted too.
var printFunctions = template.FuncMap{
	"print": fmt.Sprint, "println": fmt.Sprintln, "printf": printf,
	"html":     func(args ...any) string { return template.HTMLEscaper(args...) },
	"urlquery": func(args ...any) string { return template.URLQueryEscaper(args...) },
}

// printf refuses, before it makes it, what the same argument printed many times or a great width would make.
func printf(format string, args ...any) (string, error) {
	largest := 0
	for _, arg := range args {
		largest = max(largest, weigh(reflect.ValueOf(&arg).Elem(), 0, maxValue))
		if n, ok := arg.(int); ok && strings.Contains(format, "*") {
			largest = max(largest, n)
		}
	}
	for _, digits := range strings.FieldsFunc(format, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(digits); err == nil {
			largest = max(largest, n)
		}
	}
	if largest > 0 && strings.Count(format, "%") > 1+4*maxValue/largest {
		return "", beyond("printf would make a value of more than %d MiB", maxValue>>20)
	}
	return fmt.Sprintf(format, args...), nil
}

func replace(text, old, with string, n int) (string, error) {
	count := strings.Count(text, old)
	if n >= 0 {
		count = min(count, n)
	}
	if grown := len(with) - len(old); grown > 0 && count > maxValue/grown {
		return "", beyond("replace would make a value of more than %d MiB", maxValue>>20)
	}
	return strings.Replace(text, old, with, n), nil
}

func joinTexts(texts []string, separator string) (string, error) {
	if len(separator) > 0 && len(texts) > maxValue/len(separator) {
		return "", beyond("join would make a value of more than %d MiB", maxValue>>20)
	}
	return strings.Join(texts, separator), nil
}

type bounded struct {
	*bytes.Buffer
	most int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, beyond("the result is larger than %d MiB", b.most>>20)
	}
	return b.Buffer.Write(p)
}
