// Package bounds cuts texts to the size that activity results may have in a workflow's history, counted as JSON. It
// removes no secrets except what a cut has left of one. The subjects of activities call it.
package bounds

import (
	"strings"
	"unicode/utf8"
)

// Results are stored in a workflow's history as JSON and must not exceed 16 KiB there, whatever nodes print: a control
// character or an angle bracket takes six bytes. All limits are bytes of JSON.
const (
	// OutputInJSON bounds the output of one failure; ordinary text of 4 KiB fits.
	OutputInJSON = 4608
	// MessageLimit bounds the message of one failure.
	MessageLimit = 480
	// WarningLimit bounds the text of one warning, problem or reason.
	WarningLimit = 400
)

const ellipsis = "…"

// Reason is an error's text within WarningLimit.
func Reason(err error) string { return Head(err.Error(), WarningLimit) }

// Tail is the end of s in at most limit bytes.
func Tail(s string, limit int) string { return TailInJSON(s, limit, len(s)*6) }

// TailInJSON is the end of s in at most limit bytes, and at most encoded bytes as JSON.
func TailInJSON(s string, limit, encoded int) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= limit && jsonSize(s) <= encoded {
		return s
	}
	limit, encoded = limit-len(ellipsis), encoded-len(ellipsis)
	from := len(s)
	for from > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:from])
		encoded -= runeInJSON(r)
		if len(s)-from+size > limit || encoded < 0 {
			break
		}
		from -= size
	}
	return ellipsis + s[from:]
}

// Head is the beginning of s in at most encoded bytes as JSON.
func Head(s string, encoded int) string {
	s = strings.ToValidUTF8(s, "?")
	if jsonSize(s) <= encoded {
		return s
	}
	left := encoded - len(ellipsis)
	for i, r := range s {
		if left -= runeInJSON(r); left < 0 {
			return s[:i] + ellipsis
		}
	}
	return s
}

func jsonSize(s string) (n int) {
	for _, r := range s {
		n += runeInJSON(r)
	}
	return n
}

// runeInJSON is how many bytes encoding/json makes of a character within a string.
func runeInJSON(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t' || r == '\b' || r == '\f':
		return 2
	case r < 0x20 || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
		return 6
	}
	return utf8.RuneLen(r)
}

// WithoutCutSecret removes what is left of a secret at the start of an output whose start was cut off: a search for the
// whole secret does not find it.
func WithoutCutSecret(s string, secrets []string) string {
	longest := 0
	for _, secret := range secrets {
		for from := 1; from < len(secret); from++ {
			if strings.HasPrefix(s, secret[from:]) {
				longest = max(longest, len(secret)-from)
				break
			}
		}
	}
	if longest == 0 {
		return s
	}
	return "******" + s[longest:]
}
