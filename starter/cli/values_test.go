package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValuesMergeFileAndSet(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file, content string
		set           []string
		want          string
	}{
		"nothing":               {want: `null`},
		"set stays text":        {set: []string{"a.count=3", "b= x=y "}, want: `{"a.count":"3","b":" x=y "}`},
		"the last set wins":     {set: []string{"a=1", "a=2"}, want: `{"a":"2"}`},
		"json keeps digits":     {file: "v.json", content: `{"a": 18014398509481985, "b": 2.10}`, want: `{"a":18014398509481985,"b":2.10}`},
		"json without the name": {file: "v", content: ` {"a": 1}`, want: `{"a":1}`},
		"yaml nested":           {file: "v.yaml", content: "a: {b: 1, c: [x, y]}\nd.e: true\n", want: `{"a":{"b":"1","c":["x","y"]},"d.e":"true"}`},
		"yaml as written":       {file: "v", content: "day: 2024-04-01\nid: 01182252\nv: 3.10\nbig: 18014398509481985\nx: .nan\n1: y\n", want: `{"day":"2024-04-01","id":"01182252","v":"3.10","big":"18014398509481985","x":".nan","1":"y"}`},
		"yaml blocks":           {file: "v.yml", content: "---\na: |\n  one\n  two\nb: !!int 7\n---\n", want: `{"a":"one\ntwo\n","b":"7"}`},
		"yaml braces":           {file: "v.yaml", content: "{a: 1}", want: `{"a":"1"}`},
		"set into nested":       {file: "v.yaml", content: "a: {b: {c: 1}}\n", set: []string{"a.b.c=2"}, want: `{"a":{"b":{"c":"2"}}}`},
		"set into dotted keys":  {file: "v.yaml", content: "a.b: {c.d: 1}\n", set: []string{"a.b.c.d=2"}, want: `{"a.b":{"c.d":"2"}}`},
		"set beside":            {file: "v.yaml", content: "a: {b: 1}\n", set: []string{"a.c=2"}, want: `{"a":{"b":"1"},"a.c":"2"}`},
		"yaml scalars":          {file: "v.yaml", content: "a: yes\nb: on\nc: 0o17\nd: 1e3\ne: ~\nf: \"1\"\n", want: `{"a":"yes","b":"on","c":"0o17","d":"1e3","e":null,"f":"1"}`},
		"yaml anchors":          {file: "v.yaml", content: "a: &x {b: 1}\nc: {<<: *x, d: 2}\n", want: `{"a":{"b":"1"},"c":{"b":"1","d":"2"}}`},
		"an empty file is fine": {file: "v.yaml", content: "", want: `null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := valueFlags{words: configWords, set: tt.set}
			if tt.file != "" {
				v.file = filepath.Join(t.TempDir(), tt.file)
				require.NoError(t, os.WriteFile(v.file, []byte(tt.content), 0o600))
			}
			got, err := v.read(nil)
			require.NoError(t, err)
			text, err := json.Marshal(got)
			require.NoError(t, err)
			require.JSONEq(t, tt.want, string(text))
			require.Equal(t, strings.Contains(tt.want, "2.10"), strings.Contains(string(text), "2.10"))
		})
	}
}

func TestValuesThatCannotBeUsedAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"a list":           "- hunter2",
		"duplicate":        "a: hunter2\na: hunter2",
		"binary":           "a: !!binary hunter2",
		"tagged":           "a: !secret hunter2",
		"in json":          `{"a": "hunter2", "a": "hunter2"}`,
		"broken":           "a: [hunter2",
		"json with a tail": `{"a": 1} hunter2`,
		"broken json":      `{"a": hunter2}`,
		"too large":        "a: hunter2" + strings.Repeat("x", maxValues),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := (&valueFlags{words: configWords, file: "-"}).read(strings.NewReader(content))
			require.Error(t, err)
			require.Equal(t, exitUsage, exitCode(err))
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}
