package confd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func runTemplate(t *testing.T, s *scope, text string, kv map[string]string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte(text), 0o600))
	var out bytes.Buffer
	all := newTemplates(dir, s)
	all.limit = time.Hour // on a busy machine others take the time
	err := all.render("a", NewTree(kv), &out)
	return out.String(), err
}

// processorTime is what this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestATemplateThatRunsAwayFails: soon, in little memory, with one line that names the limit. Not parallel: it measures
// processor time, of which the limit of time would leave enough.
func TestATemplateThatRunsAwayFails(t *testing.T) {
	doubled := func(start, step string) string { return start + "{{range seq 1 64}}" + step + "{{end}}{{$x}}" }
	for name, tc := range map[string]struct{ text, want string }{
		"nested ranges":       {strings.Repeat(`{{range seq 1 1000}}`, 5) + strings.Repeat(`{{end}}`, 5), "more than 2000000 steps"},
		"range over a number": {`{{range 10000000000}}{{end}}`, "more than 2000000 steps"},
		"templates that call themselves twice": {`{{define "r"}}{{if lt . 60}}{{template "r" (add . 1)}}{{template "r" (add . 1)}}{{end}}{{end}}{{template "r" 1}}`,
			"more than 2000000 steps"},
		"a template without an end": {`{{define "r"}}{{template "r"}}{{end}}{{template "r"}}`, "more than 1000 templates inside another"},
		"seq":                       {`{{range seq 1 100000000}}{{end}}`, "more than 1048576 numbers"},
		"doubled text":              {doubled(`{{$x := "ab"}}`, `{{$x = printf "%s%s" $x $x}}`), "a value of more than 8 MiB"},
		"doubled by print":          {doubled(`{{$x := "ab"}}`, `{{$x = print $x $x}}`), "a value of more than 8 MiB"},
		"doubled list":              {doubled(`{{$x := list 1}}`, `{{$x = list $x $x}}`), "a value of more than 8 MiB"},
		"doubled dict":              {doubled(`{{$x := dict "a" 1}}`, `{{$x = dict "a" $x "b" $x}}`), "a value of more than 8 MiB"},
		"nested list":               {`{{$x := list 1}}{{range seq 1 200}}{{$x = list $x}}{{end}}`, "nested deeper than 100"},
		"wide printf":               {`{{printf "` + strings.Repeat("%900000d", 2000) + `" ` + strings.Repeat("1 ", 2000) + `}}`, "printf would make"},
		"printf of one argument":    {`{{$x := repeat 1000000 "a"}}{{printf "` + strings.Repeat("%[1]s", 2000) + `" $x}}`, "printf would make"},
		"replace":                   {`{{$x := repeat 1000000 "a"}}{{replace $x "a" $x -1}}`, "replace would make"},
		"join":                      {`{{join (split (repeat 200000 "a,") ",") (repeat 1000 "x")}}`, "join would make"},
		"indent":                    {`{{indent 1000 (repeat 1000000 "\n")}}`, "indent would make"},
		"regexReplaceAll":           {`{{$x := repeat 1000000 "a"}}{{regexReplaceAll "a" $x $x}}`, "regexReplaceAll could make"},
		"regular expression":        {`{{regexMatch "(aaaaaaaaaaaaaaaaaaaa){1000}" "a"}}`, "instructions; at most 10000"},
		"regular expression's text": {`{{regexMatch "(a?a?){1000}" (repeat 1000000 "a")}}`, "is matched against 1000000 bytes"},
		"values":                    {`{{range seq 1 1000}}{{$x := repeat 1000000 "a"}}{{end}}`, "more than 512 MiB of values"},
		"output":                    {`{{range seq 1 1000}}{{range seq 1 1000}}` + strings.Repeat("x", 1000) + `{{end}}{{end}}`, "the result is larger than 32 MiB"},
		"included":                  {`{{define "r"}}{{range seq 1 10000}}` + strings.Repeat("x", 1000) + `{{end}}{{end}}{{include "r"}}`, "the result is larger than 8 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := processorTime(t)
			_, err := runTemplate(t, &scope{now: time.Now}, tc.text, nil)
			runtime.ReadMemStats(&after)
			took := processorTime(t) - begin
			t.Logf("%.2f s, %d MiB allocated: %v", took.Seconds(), (after.TotalAlloc-before.TotalAlloc)>>20, err)
			require.ErrorContains(t, err, tc.want)
			require.Less(t, took, maxTime)
			require.Less(t, after.Sys, uint64(3<<30), "what the process ever held")
		})
	}
}

func TestARunEndsWithItsContextAndItsTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := runTemplate(t, &scope{now: time.Now, usage: usage{ctx: ctx}}, `{{range seq 1 1000}}{{end}}`, nil)
	require.ErrorContains(t, err, "interrupted: context canceled")

	u := usage{steps: 255, end: time.Now().Add(-time.Second)}
	require.EqualError(t, u.step(), "the template takes longer than 30s")
}

// TestTheLimitsAreFarFromALargeCluster: every node's file lists every node's fields, which is more than packages do.
func TestTheLimitsAreFarFromALargeCluster(t *testing.T) {
	t.Parallel()
	kv := map[string]string{}
	for i := range 1000 {
		kv[fmt.Sprintf("/hosts/r/i-%04d/ip", i)] = fmt.Sprintf("10.0.%d.%d", i/250, i%250)
		kv[fmt.Sprintf("/hosts/r/i-%04d/sid", i)] = fmt.Sprint(i)
	}
	out, err := runTemplate(t, &scope{now: time.Now}, `{{range $dir := lsdir "/hosts/r"}}{{$n := len (getvs "/hosts/r/*/ip")}}{{getv (printf "/hosts/r/%s/ip" $dir)}} {{$n}}
{{end}}`, kv)
	require.NoError(t, err)
	require.Equal(t, 1000, strings.Count(out, " 1000\n"))
}

// TestBytesOfToday: what packages' files look like today, where Go's or the newer library's would differ.
func TestBytesOfToday(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 30) + "end"
	for text, want := range map[string]string{
		`{{js "a\nb\tc<"}}`:                                      `a\u000Ab\u0009c\x3C`,
		`{{eq "1e1" 10}} {{eq "0x10" 16}}`:                       "false false",
		`{{eq "1_0" 10}} {{eq "inf" "Inf"}}`:                     "false false",
		`{{eq "+1" 1}} {{eq "1.50" "1.5"}}`:                      "true true",
		`{{ne "1e1" 10}}`:                                        "true",
		`{{len (filter "(" (getvs "/none/*"))}}`:                 "0",
		`{{toYaml (list "yes" "1:30" "a: b")}}`:                  "- \"yes\"\n- \"1:30\"\n- 'a: b'\n",
		`{{toYaml (dict "a" (list 1))}}`:                         "a:\n- 1\n",
		`{{contains (toYaml (list "` + long + `")) "\n  word"}}`: "true",
	} {
		got, err := runTemplate(t, &scope{now: time.Now}, text, nil)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	_, err := runTemplate(t, &scope{now: time.Now}, `{{filter "(" (getvs "/some/*")}}`, map[string]string{"/some/a": "1"})
	require.ErrorContains(t, err, "missing closing )")
}
