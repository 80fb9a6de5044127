package specs

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// source is a file's text with the table that turns byte offsets into lines and columns.
type source struct {
	name  string
	text  []byte
	lines []int // offset of each line's first byte

	// The place asked for last: a file can be one long line, and messages ask for places in order.
	lastLine, lastOffset, lastCol int
}

func newSource(name string, text []byte) *source {
	s := &source{name: name, text: text, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// position counts lines and characters from 1.
func (s *source) position(offset int) (line, col int) {
	offset = min(max(offset, 0), len(s.text))
	n := sort.SearchInts(s.lines, offset+1) - 1
	from, before := s.lines[n], 0
	if s.lastLine == n && from <= s.lastOffset && s.lastOffset <= offset {
		from, before = s.lastOffset, s.lastCol
	}
	s.lastLine, s.lastOffset, s.lastCol = n, offset, before+utf8.RuneCount(s.text[from:offset])
	return n + 1, s.lastCol + 1
}

// maxMessage is what a message may repeat of a package, in bytes.
const maxMessage = 2000

func (s *source) diagnostic(sev Severity, offset int, path, message string) Diagnostic {
	line, col := s.position(offset)
	if len(message) > maxMessage {
		message = message[:maxMessage] + "..."
	}
	return Diagnostic{Severity: sev, File: s.name, Line: line, Col: col, Path: brief(path), Message: strings.ToValidUTF8(message, "")}
}

// checkText reports a byte order mark and bytes that are not UTF-8; no JSON reader may silently accept them.
func (s *source) checkText() (Diagnostic, bool) {
	if len(s.text) >= 3 && s.text[0] == 0xEF && s.text[1] == 0xBB && s.text[2] == 0xBF {
		return s.diagnostic(SeverityError, 0, "", "the file starts with a UTF-8 byte order mark (BOM, bytes EF BB BF); save it as UTF-8 without BOM"), false
	}
	if len(s.text) >= 2 && (s.text[0] == 0xFF && s.text[1] == 0xFE || s.text[0] == 0xFE && s.text[1] == 0xFF) {
		return s.diagnostic(SeverityError, 0, "", "the file is UTF-16 (it starts with a byte order mark); save it as UTF-8 without BOM"), false
	}
	for i := 0; i < len(s.text); {
		r, n := utf8.DecodeRune(s.text[i:])
		if r == utf8.RuneError && n == 1 {
			return s.diagnostic(SeverityError, i, "", "the file is not UTF-8 text: invalid byte"), false
		}
		i += n
	}
	return Diagnostic{}, true
}
