package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

func sample() Output {
	return Output{
		Value: map[string]any{"id": "cl-1", "url": "a<b>&c"},
		Blocks: []Block{
			Fields{{"cluster", "cl-1"}, {"reason", ""}, {"left behind", "one\ntwo"}},
			Table{Title: "Nodes:", Header: []string{"node", "ip"}, Rows: [][]string{{"cln-1", "10.0.0.1"}, {"cln-22", "\x1b[31mred\x1b[0m"}}},
			Table{Header: []string{"node"}, Empty: "No nodes."},
			Lines{"plain", "tab\there"},
		},
	}
}

func printed(t *testing.T, f Format, o Output) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, (&Printer{Stdout: &out, Format: f}).Print(o))
	return out.String()
}

func TestText(t *testing.T) {
	t.Parallel()
	require.Equal(t, `cluster      cl-1
left behind  one
             two

Nodes:
NODE    IP
cln-1   10.0.0.1
cln-22  red

No nodes.

plain
tab here
`, printed(t, Text, sample()))
}

func TestTable(t *testing.T) {
	t.Parallel()
	require.Equal(t, `┌─────────────┬──────┐
│ cluster     │ cl-1 │
│ left behind │ one  │
│             │ two  │
└─────────────┴──────┘

Nodes:
┌────────┬──────────┐
│ NODE   │ IP       │
├────────┼──────────┤
│ cln-1  │ 10.0.0.1 │
│ cln-22 │ red      │
└────────┴──────────┘

No nodes.

plain
tab here
`, printed(t, Boxed, sample()))
}

func TestJSONIsTheValueAlone(t *testing.T) {
	t.Parallel()
	require.Equal(t, "{\n  \"id\": \"cl-1\",\n  \"url\": \"a<b>&c\"\n}\n", printed(t, JSON, sample()))
	require.Empty(t, printed(t, JSON, Output{Blocks: []Block{Lines{"for people"}}}))
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAWriteThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{Text, Boxed, JSON} {
		require.ErrorContains(t, (&Printer{Stdout: broken{}, Format: f}).Print(sample()), "broken pipe")
	}
}

func TestErrorShowsPlaceOutputProblemsAndHint(t *testing.T) {
	t.Parallel()
	f := &fault.Fault{
		Type: fault.CommandFailed, Message: "init failed", Node: "cln-1", Service: "init", ExitCode: 3,
		Output: "one\n\x1b]0;title\x07two\n\n", Problems: []string{"first", "second"}, Hint: "look at the node",
	}
	var out bytes.Buffer
	(&Printer{Stderr: &out, Format: Text}).Error("CreateCluster cl-1 failed: init failed", f, 1)
	require.Equal(t, `drover: CreateCluster cl-1 failed: init failed
  node       cln-1
  service    init
  exit code  3
  - first
  - second
  output:
    | one
    | two
  next: look at the node
`, out.String())
}

func TestErrorAsJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	(&Printer{Stderr: &out, Format: JSON}).Error("x", fault.New(fault.NotFound, "no cluster"), 3)
	var p Problem
	require.NoError(t, json.Unmarshal(out.Bytes(), &p))
	require.Equal(t, fault.NotFound, p.Error.Type)
	require.Equal(t, 3, p.ExitCode)
}

func TestRemarksAreForPeopleOnly(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	(&Printer{Stderr: &out, Format: JSON}).Say("hello")
	require.Empty(t, out.String())
	(&Printer{Stderr: &out, Format: Text}).Say("hello %s", "you")
	require.Equal(t, "hello you\n", out.String())
}

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                    "plain",
		"a\r\nb\rc":                "a\nbc",
		"\x1b[2J\x1b[1;1Hgone":     "gone",
		"bell\a null\x00 c1\u009b": "bell null c1",
		"\u202egnp.exe":            "gnp.exe",
		"初始化":                      "初始化",
	} {
		require.Equal(t, want, Clean(in), "%q", in)
	}
	require.Equal(t, "first", CleanLine("\n first\nsecond"))
	require.Equal(t, "first second", Joined("\n first\nsecond "))
}

func FuzzCleanLeavesNoControl(f *testing.F) {
	f.Add("\x1b[31m red \x1b")
	f.Add("\x1b]8;;x\x07link\x9b1m")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Clean(s) {
			require.False(t, r != '\n' && (r < ' ' || (r >= 0x7f && r < 0xa0)), "%q leaves %q", s, r)
		}
	})
}
