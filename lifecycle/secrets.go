package lifecycle

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// shortestToken is from where on what nodes hand each other is taken for a secret: a "1" would make every text
// unreadable.
const shortestToken = 8

// Secrets is what no text may hold that leaves for history, logs or people: passwords of the package as they run now and
// ran before an upgrade, the cluster's Consul token, what nodes hand each other (custom_metadata), and the private key of
// the node the text comes from, line by line (n may be nil). Each also as programs write it: see spellings.
func (r *Record) Secrets(n *Node) []string {
	var out []string
	add := func(secrets ...string) { out = append(out, Spelled(secrets)...) }
	add(r.Passwords()...)
	add(r.ConsulToken)
	for i := range r.Nodes {
		if token := r.Nodes[i].Token; len(token) >= shortestToken {
			add(token)
			for line := range strings.Lines(token) {
				if line = strings.TrimSpace(line); len(line) >= shortestToken && line != token {
					add(line)
				}
			}
		}
	}
	if n != nil {
		for line := range strings.Lines(n.PrivateKey) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
				out = append(out, line)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// shortestSpelled is the length from which a secret is looked for in encodings: a shorter one leaves so little of itself
// there that it would be found by chance.
const shortestSpelled = 4

// Passwords are those of the package as they run now and ran before an upgrade.
func (r *Record) Passwords() []string {
	var out []string
	if r.Spec != nil {
		out = append(out, r.Spec.Secrets...)
	}
	if r.Target != nil && r.Target.Spec != nil {
		out = append(out, r.Target.Spec.Secrets...)
	}
	return out
}

// Spelled are texts, each with the ways in which programs print it.
func Spelled(texts []string) []string {
	var out []string
	for _, s := range texts {
		if s != "" {
			out = append(append(out, s), spellings(s)...)
		}
	}
	return out
}

// spellings are the other ways in which programs print a text: inside JSON, quoted for a shell, encoded for a URL, as
// hexadecimal digits and as base64. A base64 text that is broken into lines is not found.
func spellings(s string) []string {
	out := append(inJSON(s), strings.ReplaceAll(s, "'", `'\''`))
	if len(s) >= shortestSpelled {
		digits := hex.EncodeToString([]byte(s))
		out = append(out, digits, strings.ToUpper(digits))
		for _, text := range []string{url.QueryEscape(s), url.PathEscape(s), percent(s)} {
			out = append(out, text, lowerEscapes(text))
		}
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, inBase64(s, alphabet)...)
		}
	}
	return slices.DeleteFunc(out, func(text string) bool { return text == s })
}

// inBase64 is what shows of a text in the base64 of a longer one, by where it begins there: the characters that hold its
// bits alone. Of three bytes, four characters are made.
func inBase64(s string, alphabet *base64.Encoding) []string {
	var out []string
	for before := range 3 {
		text := alphabet.EncodeToString(append(make([]byte, before), s...))
		shared := []int{0, 2, 3}[before]
		out = append(out, text[shared:(before+len(s))*8/6])
	}
	return out
}

// percent is the strictest URL encoding: everything but letters, digits and "-._~".
func percent(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], bytes.ToLower(b[i+1:i+3]))
			i += 2
		}
	}
	return string(b)
}

// inJSON is how a text looks inside JSON, where that is another way.
func inJSON(s string) []string {
	var out []string
	for _, html := range []bool{true, false} {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(html)
		if enc.Encode(s) != nil {
			continue
		}
		if text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`); text != s {
			out = append(out, text)
		}
	}
	return out
}

// shortestPart is how much of a secret at the end of a text is taken for one that was cut off.
const shortestPart = 4

// RedactCut is Redact for a text whose end may be missing: it also removes the beginning of a secret there, which no
// search for the whole finds.
func RedactCut(s string, secrets []string) string {
	longest := 0
	for _, secret := range secrets {
		for n := min(len(secret), len(s)); n >= shortestPart && n > longest; n-- {
			if strings.HasSuffix(s, secret[:n]) {
				longest = n
			}
		}
	}
	if longest == 0 {
		return Redact(s, secrets)
	}
	return Redact(s[:len(s)-longest], secrets) + "******"
}

// RedactPart is RedactCut for a text out of the middle: it also removes the end of a secret that began in what stands before.
func RedactPart(before, s string, secrets []string) string {
	longest := 0
	for _, secret := range secrets {
		for n := min(len(secret)-1, len(before)); n > 0; n-- {
			if rest := secret[n:]; len(rest) > longest && strings.HasSuffix(before, secret[:n]) && strings.HasPrefix(s, rest) {
				longest = len(rest)
			}
		}
	}
	if longest == 0 {
		return RedactCut(s, secrets)
	}
	return "******" + RedactCut(s[longest:], secrets)
}
