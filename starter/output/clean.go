package output

import (
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Clean makes text from elsewhere safe for a terminal: escape sequences and control characters go, tabs become
// spaces, line feeds stay.
func Clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if strings.ContainsRune(s, '\x1b') {
		s = text.StripEscape(s)
	}
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
