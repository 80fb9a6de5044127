package specs

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/dlclark/regexp2"
)

// Patterns come from packages, and they backtrack. One match and all matches of a package have a time limit; the length of a
// pattern and its repetitions have one because compiling is recursive and writes repeated characters out.
const (
	patternTimeout = time.Second
	patternsTime   = 5 * time.Second
	maxPattern     = 4096    // bytes
	maxRepeat      = 100_000 // in {n,m}
	maxMatched     = 64 << 10
)

// pattern is an unanchored search. Patterns are written for browsers and Python: look-ahead is in use, which Go's own
// regexp does not have.
type pattern struct {
	re   *regexp2.Regexp
	used *atomic.Int64 // nanoseconds that the patterns of the package took so far
}

var repetition = regexp.MustCompile(`\{([0-9]+)(?:,([0-9]*))?\}`)

func compilePattern(text string, used *atomic.Int64) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("longer than %d bytes", maxPattern)
	}
	for _, m := range repetition.FindAllStringSubmatch(text, -1) {
		for _, count := range m[1:] {
			if n, err := strconv.Atoi(count); count != "" && (err != nil || n > maxRepeat) {
				return nil, fmt.Errorf("%s repeats more than %d times", m[0], maxRepeat)
			}
		}
	}
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
	return &pattern{re, used}, nil
}

// match says whether the pattern is found anywhere in text; the error is a limit.
func (p *pattern) match(text string) (bool, error) {
	switch {
	case len(text) > maxMatched:
		return false, fmt.Errorf("the value is longer than %d KiB, the most a pattern is matched against", maxMatched>>10)
	case time.Duration(p.used.Load()) > patternsTime:
		return false, fmt.Errorf("not matched: the patterns of this package took more than %s", patternsTime)
	}
	begin := time.Now()
	found, err := p.re.MatchString(text)
	p.used.Add(int64(time.Since(begin)))
	if err != nil {
		return false, errors.New("matching took longer than " + patternTimeout.String())
	}
	return found, nil
}
