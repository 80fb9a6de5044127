package metadata

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// badName says why a name cannot be one component of a key; "" when it can. Dots, dashes, spaces and any script are
// fine. A slash would make a folder out of a leaf, control characters cannot be told apart by people, and bytes that
// are not UTF-8 do not survive Consul's JSON.
func badName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case name == "." || name == "..":
		return "means a folder in paths, so that no template could read it"
	case strings.Contains(name, "/"):
		return "contains a slash, which metadata keys cannot"
	case !utf8.ValidString(name):
		return "is not UTF-8 text"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "contains a control character"
	}
	return ""
}

func tooLarge(key string, n int) string {
	return fmt.Sprintf("the value of %s has %d bytes, and Consul takes %d", key, n, MaxValue)
}

func (b *builder) problem(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}
