package specs

import (
	"time"

	"github.com/dlclark/regexp2"
)

// patternTimeout bounds one match: patterns come from packages and backtrack.
const patternTimeout = time.Second

// pattern is an unanchored search. Patterns are written for browsers and Python: look-ahead is in use, which Go's own
// regexp does not have.
type pattern struct{ re *regexp2.Regexp }

func compilePattern(text string) (*pattern, error) {
	re, err := regexp2.Compile(text, regexp2.None)
	if err != nil {
		// A few constructs are only legal in ECMAScript mode, \u{...} for one.
		ecma, again := regexp2.Compile(text, regexp2.ECMAScript|regexp2.Unicode)
		if again != nil {
			return nil, err
		}
		re = ecma
	}
	re.MatchTimeout = patternTimeout
	return &pattern{re}, nil
}

// match says whether the pattern is found anywhere in text; the error is the timeout.
func (p *pattern) match(text string) (bool, error) { return p.re.MatchString(text) }
