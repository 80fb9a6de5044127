package output

import (
	"regexp"
	"strings"
	"unicode"
)

// escape finds terminal sequences whole: CSI (colours, cursor), OSC and its kin (titles, links), two-letter ones. A
// broken sequence loses its escape character as a control character and stays visible.
var escape = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)|\x1b[ -/]*[0-~]`)

// Clean makes text from elsewhere safe for a terminal: escape sequences and control characters go, tabs become
// spaces, line feeds stay.
func Clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = escape.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// CleanLine is Clean for one line: everything after the first line feed goes as well.
func CleanLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(Clean(s)), "\n")
	return s
}

// Joined is Clean with all lines joined into one.
func Joined(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }
