package confd

import (
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"text/template"
	"time"
)

// Metadata values are all text, so packages compare `gt "10" "9"` and mean numbers. These take the place of Go's own
// comparisons and never fail.
var compareFunctions = template.FuncMap{
	"eq": eq,
	"ne": func(a, b any) bool { return !same(a, b) },
	"gt": func(a, b any) bool { x, y := ranks(a, b); return x > y },
	"ge": func(a, b any) bool { x, y := ranks(a, b); return x >= y },
	"lt": func(a, b any) bool { x, y := ranks(a, b); return x < y },
	"le": func(a, b any) bool { x, y := ranks(a, b); return x <= y },
}

// eq with more than two arguments asks, as Go's does, whether the first equals any of the others.
func eq(a any, others ...any) (bool, error) {
	if len(others) == 0 {
		return false, errors.New("missing argument for comparison")
	}
	for _, b := range others {
		if same(a, b) {
			return true, nil
		}
	}
	return false, nil
}

func same(a, b any) bool {
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok && x == y {
			return true
		}
	}
	if x, ok := equalTo(a); ok {
		if y, ok := equalTo(b); ok {
			return x == y
		}
		return false
	}
	return reflect.DeepEqual(a, b)
}

// plainNumber is text that every language reads as a number: "1e1", "0x10", "1_0" and "inf" are not.
var plainNumber = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)$`)

// equalTo is v as a number for eq and ne, which compare other texts as texts; the order of gt and its kind is more lenient.
func equalTo(v any) (float64, bool) {
	if s, ok := v.(string); ok && !plainNumber.MatchString(s) {
		return 0, false
	}
	return reading(v)
}

// reading is v as a number, when it is one or is text that reads as one.
func reading(v any) (float64, bool) {
	if s, ok := v.(string); ok {
		if s == "" || s[0] > '9' && s[0]|0x20 != 'i' && s[0]|0x20 != 'n' {
			return 0, false // most text: spares ParseFloat's error value
		}
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	r := reflect.ValueOf(v)
	switch {
	case !r.IsValid():
		return 0, false
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	case r.CanFloat():
		return r.Float(), true
	}
	return 0, false
}

// ranks are two numbers that order like a and b. Two texts of which neither is a number order as text; lists and maps
// count by length, times as Unix seconds; anything else, like text beside a number, counts as 0.
func ranks(a, b any) (x, y float64) {
	x, aText := rank(a)
	y, bText := rank(b)
	if aText && bText {
		switch s, t := a.(string), b.(string); {
		case s < t:
			return 0, 1
		case s > t:
			return 1, 0
		}
		return 0, 0
	}
	return x, y
}

func rank(v any) (value float64, isText bool) {
	if f, ok := reading(v); ok {
		return f, false
	}
	switch v := v.(type) {
	case string:
		return 0, true
	case time.Time:
		return float64(v.Unix()), false
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Chan:
		return float64(r.Len()), false
	}
	return 0, false
}
