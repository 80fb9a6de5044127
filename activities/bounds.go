package activities

import (
	"strings"
	"unicode/utf8"
)

// Results stand in a workflow's history as JSON and shall not exceed 16 KiB there, whatever nodes print: there a control
// character or an angle bracket takes six bytes.
const (
	// outputInJSON bounds the output of one failure; ordinary text of 4 KiB fits.
	outputInJSON = 4608
	// messageLimit bounds the message of one failure, in JSON.
	messageLimit = 480
)

const ellipsis = "…"

// tail is the end of s in at most limit bytes.
func tail(s string, limit int) string { return tailInJSON(s, limit, len(s)*6) }

// tailInJSON is the end of s in at most limit bytes, and at most encoded bytes as JSON.
func tailInJSON(s string, limit, encoded int) string {
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

// head is the beginning of s in at most encoded bytes as JSON.
func head(s string, encoded int) string {
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

// withoutCutSecret removes what is left of a secret at the beginning of an output whose beginning was cut off: no
// search for the whole secret finds it.
func withoutCutSecret(s string, secrets []string) string {
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
