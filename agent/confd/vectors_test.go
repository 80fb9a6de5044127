package confd

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// vector is one line of the template language: keys, a template, and what comes out.
type vector struct {
	Name     string            `json:"name"`
	KV       map[string]string `json:"kv"`
	RawKV    map[string]string `json:"raw_kv"`
	Prefix   string            `json:"prefix"`
	Keys     []string          `json:"keys"`
	Env      map[string]string `json:"env"`
	Template string            `json:"template"`
	outcome
	Also *outcome `json:"also"`
}

type outcome struct {
	Expect *string `json:"expect"`
	Error  bool    `json:"error"`
}

func (o *outcome) fits(text string, err error) bool {
	if o == nil {
		return false
	}
	return o.Error == (err != nil) && (err != nil || (o.Expect != nil && *o.Expect == text))
}

func TestVectors(t *testing.T) {
	for _, file := range []string{"testdata/vectors.json", "../../../shared/docs/confd-vectors.json"} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) && file != "testdata/vectors.json" {
				t.Skipf("%s is not here; testdata/vectors.json covers the language alone", file)
			}
			require.NoError(t, err)
			var all struct{ Vectors []vector }
			require.NoError(t, json.Unmarshal(text, &all))
			require.NotEmpty(t, all.Vectors)
			for _, v := range all.Vectors {
				t.Run(v.Name, func(t *testing.T) {
					for name, value := range v.Env {
						t.Setenv(name, value)
					}
					tree := NewTree(v.KV)
					if v.RawKV != nil {
						tree = FromStore(v.RawKV, v.Prefix).Narrow(v.Keys)
					}
					got, err := renderText(v.Template, tree)
					if !v.fits(got, err) && !v.Also.fits(got, err) {
						want := "an error"
						if v.Expect != nil {
							want = *v.Expect
						}
						t.Errorf("template %q\n got %q, error %v\nwant %q", v.Template, got, err, want)
					}
				})
			}
		})
	}
}

// renderText renders a template that is not in a file.
func renderText(text string, tree *Tree) (string, error) {
	s := &scope{now: time.Now}
	tmpls := newTemplates("testdata/none", s)
	tmpl, err := tmpls.compile("text", text)
	if err != nil {
		return "", err
	}
	s.tree, s.stack = tree, append(s.stack, tmpl)
	var out bytes.Buffer
	err = tmpl.Execute(&out, nil)
	return out.String(), err
}
