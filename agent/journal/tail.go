package journal

import (
	"bytes"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"drover/agent/api"
)

// readTail gives the end of a running command's output and how much there is on disk.
func readTail(e entry) ([]byte, int64) {
	newest, n := endOf(e.path(outputName), api.OutputTail)
	if len(newest) == api.OutputTail {
		return newest, max(n, api.OutputTail+1)
	}
	older, m := endOf(e.path(olderName), api.OutputTail-len(newest))
	return append(older, newest...), n + m
}

// endOf reads the last limit bytes of a file; a missing file is empty.
func endOf(path string, limit int) ([]byte, int64) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0
	}
	buf := make([]byte, min(size, int64(limit)))
	n, _ := f.ReadAt(buf, size-int64(len(buf)))
	return buf[:n], size
}

// text makes bytes fit for JSON: valid UTF-8, at most limit bytes, the end winning.
func text(b []byte, limit int) string {
	return cutFront(strings.ToValidUTF8(string(b), "?"), limit)
}

// cutFront drops whole characters from the front until s fits.
func cutFront(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	s = s[len(s)-limit:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}

// maxLastLine bounds the line shown as progress.
const maxLastLine = 256

// lastLine is the last line that is not blank.
func lastLine(b []byte) string {
	b = bytes.TrimRight(b, " \t\r\n")
	if i := bytes.LastIndexAny(b, "\r\n"); i >= 0 {
		b = b[i+1:]
	}
	s := strings.TrimSpace(strings.ToValidUTF8(string(b), "?"))
	if len(s) <= maxLastLine {
		return s
	}
	s = s[:maxLastLine]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// cutBack is the beginning of b as valid UTF-8 in at most limit bytes.
func cutBack(b []byte, limit int) string {
	s := strings.ToValidUTF8(string(b), "?")
	for len(s) > limit {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
