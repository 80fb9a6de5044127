package confd

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"text/template"
)

var mathFunctions = template.FuncMap{
	"add": func(a, b any) (any, error) {
		return arithmetic(a, b, func(a, b int64) (int64, error) { return a + b, nil }, func(a, b float64) float64 { return a + b })
	},
	"sub": func(a, b any) (any, error) {
		return arithmetic(a, b, func(a, b int64) (int64, error) { return a - b, nil }, func(a, b float64) float64 { return a - b })
	},
	"mul": func(a, b any) (any, error) {
		return arithmetic(a, b, func(a, b int64) (int64, error) { return a * b, nil }, func(a, b float64) float64 { return a * b })
	},
	"div": div, "mod": mod,
	"max": func(a, b any) (float64, error) { return extreme(a, b, math.Max) },
	"min": func(a, b any) (float64, error) { return extreme(a, b, math.Min) },
	"seq": seq,
}

// number is an argument of arithmetic: an integer, or a float when f says so.
type number struct {
	i       int64
	f       float64
	isFloat bool
}

func (n number) float() float64 {
	if n.isFloat {
		return n.f
	}
	return float64(n.i)
}

// numberOf reads ints, floats and numeric text: with a dot it is a float, else a base-10 integer. The error does not
// repeat the text: it can be a password.
func numberOf(v any, position int) (number, error) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, ".") {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return number{}, fmt.Errorf("argument %d is text that is not a number", position)
			}
			return number{f: f, isFloat: true}, nil
		}
		i, err := strconv.ParseInt(v, 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return number{}, fmt.Errorf("argument %d is text with a number out of range", position)
		}
		if err != nil {
			return number{}, fmt.Errorf("argument %d is text that is not a number", position)
		}
		return number{i: i}, nil
	case int:
		return number{i: int64(v)}, nil
	case int64:
		return number{i: v}, nil
	case float64:
		return number{f: v, isFloat: true}, nil
	}
	switch r := reflect.ValueOf(v); {
	case r.IsValid() && r.CanInt():
		return number{i: r.Int()}, nil
	case r.IsValid() && r.CanUint():
		return number{i: int64(r.Uint())}, nil
	case r.IsValid() && r.CanFloat():
		return number{f: r.Float(), isFloat: true}, nil
	}
	return number{}, fmt.Errorf("argument %d is a %T, not a number", position, v)
}

func numbersOf(a, b any) (x, y number, err error) {
	if x, err = numberOf(a, 1); err == nil {
		y, err = numberOf(b, 2)
	}
	return x, y, err
}

// arithmetic stays with integers (which wrap around) as long as both sides are integers.
func arithmetic(a, b any, ints func(a, b int64) (int64, error), floats func(a, b float64) float64) (any, error) {
	x, y, err := numbersOf(a, b)
	if err != nil {
		return nil, err
	}
	if x.isFloat || y.isFloat {
		return floats(x.float(), y.float()), nil
	}
	return ints(x.i, y.i)
}

var errDivideByZero = errors.New("divided by zero")

func div(a, b any) (any, error) {
	x, y, err := numbersOf(a, b)
	switch {
	case err != nil:
		return nil, err
	case y.float() == 0:
		return nil, errDivideByZero
	case x.isFloat || y.isFloat:
		return x.float() / y.float(), nil
	}
	return x.i / y.i, nil
}

func mod(a, b any) (any, error) {
	x, y, err := numbersOf(a, b)
	switch {
	case err != nil:
		return nil, err
	case x.isFloat || y.isFloat:
		return nil, errors.New("wants whole numbers")
	case y.i == 0:
		return nil, errDivideByZero
	}
	return x.i % y.i, nil
}

// extreme is max and min, which always give a float.
func extreme(a, b any, pick func(a, b float64) float64) (float64, error) {
	x, y, err := numbersOf(a, b)
	if err != nil {
		return 0, err
	}
	return pick(x.float(), y.float()), nil
}

// seq is the list of whole numbers from first to last, both included.
func seq(first, last any) ([]int, error) {
	x, y, err := numbersOf(first, last)
	switch {
	case err != nil:
		return nil, err
	case x.isFloat || y.isFloat:
		return nil, errors.New("wants whole numbers")
	case y.i < x.i:
		return []int{}, nil
	case uint64(y.i)-uint64(x.i) >= maxRepeat:
		return nil, fmt.Errorf("more than %d numbers", maxRepeat)
	}
	list := make([]int, 0, y.i-x.i+1)
	for i := range y.i - x.i + 1 {
		list = append(list, int(x.i+i))
	}
	return list, nil
}
