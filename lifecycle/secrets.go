package lifecycle

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// shortestToken is from where on what nodes hand each other is taken for a secret: a "1" would make every text
// unreadable.
const shortestToken = 8

// Secrets is what no text may hold that leaves for history, logs or people: passwords of the package as they run now and
// ran before an upgrade, the cluster's Consul token, what nodes hand each other (custom_metadata), and the private key of
// the node the text comes from, line by line (n may be nil). Each also as it looks inside JSON.
func (r *Record) Secrets(n *Node) []string {
	var out []string
	add := func(secrets ...string) {
		for _, s := range secrets {
			if s != "" {
				out = append(out, s)
				out = append(out, inJSON(s)...)
			}
		}
	}
	if r.Spec != nil {
		add(r.Spec.Secrets...)
	}
	if r.Target != nil && r.Target.Spec != nil {
		add(r.Target.Spec.Secrets...)
	}
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
