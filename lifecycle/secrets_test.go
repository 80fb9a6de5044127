package lifecycle_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/specs"
)

func TestSecretsOfARecord(t *testing.T) {
	t.Parallel()
	rec := &lifecycle.Record{
		ConsulToken: "5b1e6c1e-token",
		Spec:        &specs.Cluster{Secrets: []string{`quo"ted<pass>`, "", "plain"}},
		Target:      &lifecycle.Version{Spec: &specs.Cluster{Secrets: []string{"before"}}},
		Nodes: []lifecycle.Node{
			{ID: "a", PrivateKey: "-----BEGIN KEY-----\nfirst-line\nsecond-line\n-----END KEY-----\n", Token: "join me: abcdefgh"},
			{ID: "b", PrivateKey: "-----BEGIN KEY-----\nof-another\n-----END KEY-----\n", Token: "1"},
		},
	}
	require.Subset(t, rec.Secrets(&rec.Nodes[0]), []string{
		`quo"ted<pass>`, `quo\"ted<pass>`, `quo\"ted\u003cpass\u003e`, "plain", "before", "5b1e6c1e-token",
		"join me: abcdefgh", "first-line", "second-line",
	})
	require.NotContains(t, rec.Secrets(nil), "first-line")
	require.Empty(t, (&lifecycle.Record{}).Secrets(nil))
}

// However a program prints a secret, nothing readable of it is left; what only resembles one stays.
func TestSecretsAreFoundAsProgramsSpellThem(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"hunter2 & it's/ok", "\xff\xfe??>>~~ÿ", "abcd", `"<quoted>"`} {
		rec := &lifecycle.Record{Spec: &specs.Cluster{Secrets: []string{secret}}}
		inJSON, err := json.Marshal(secret)
		require.NoError(t, err)
		texts := map[string]string{
			"raw": secret, "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
			"query": url.QueryEscape(secret), "path": url.PathEscape(secret), "shell": strings.ReplaceAll(secret, "'", `'\''`),
		}
		if utf8.ValidString(secret) {
			texts["JSON"] = string(inJSON[1 : len(inJSON)-1])
		}
		for name, text := range texts {
			require.Equal(t, "x ****** y", lifecycle.Redact("x "+text+" y", rec.Secrets(nil)), "%s of %q", name, secret)
		}
		for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			for before := range 4 {
				for after := range 4 {
					text := alphabet.EncodeToString([]byte(strings.Repeat("u", before) + secret + strings.Repeat(":", after)))
					redacted := lifecycle.Redact(text, rec.Secrets(nil))
					require.Contains(t, redacted, "******", "base64 of %q after %d bytes", secret, before)
					// Around it are whole characters of the others, and at each end one that holds a part of a byte.
					require.LessOrEqual(t, len(redacted), len("******")+(before*8/6+1)+(after*8/6+1)+3, "%s", redacted)
				}
			}
		}
		require.Equal(t, "aGVsbG8gd29ybGQ= 68656c6c6f", lifecycle.Redact("aGVsbG8gd29ybGQ= 68656c6c6f", rec.Secrets(nil)))
	}
	require.Equal(t, []string{"a1"}, (&lifecycle.Record{Spec: &specs.Cluster{Secrets: []string{"a1"}}}).Secrets(nil), "too short to be looked for")
}

func TestRedactCut(t *testing.T) {
	t.Parallel()
	secrets := []string{"hunter2-password", "hunt"}
	for text, want := range map[string]string{
		"it is hunter2-password": "it is ******",
		"it is hunter2-pass":     "it is ******",
		"hunt, hunter2-password": "******, ******",
		"all is well":            "all is well",
		"":                       "",
	} {
		require.Equal(t, want, lifecycle.RedactCut(text, secrets))
	}
	for text, want := range map[string]string{
		"it is hunter2-pass": "it is ******",
		"it is hunt":         "it is ******",
		"it is hun":          "it is hun",
		"hunter2-passwor":    "******",
		"hunter2-pass ":      "hunter2-pass ",
	} {
		require.Equal(t, want, lifecycle.RedactCut(text, secrets[:1]))
	}
}
