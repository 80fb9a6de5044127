package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Command lines that are refused as wrong usage before Temporal is asked for anything.
func TestRefusedCommandLines(t *testing.T) {
	t.Parallel()
	const id = known
	for _, c := range []struct {
		args  []string
		stdin string
		want  string
	}{
		{[]string{"nosuch"}, "", "nosuch"},
		{[]string{"delete"}, "", "CLUSTER"},
		{[]string{"delete", "cl-1"}, "", `"cl-1" is not a cluster id`},
		{[]string{"delete", ""}, "", `"" is not a cluster id`},
		{[]string{"delete", "CL-BAD00001"}, "", "is not a cluster id"},
		{[]string{"delete", "cl-bad00001; reboot"}, "", `"cl-bad00001; reboot" is not a cluster id`},
		{[]string{"delete", "cl-$(id)xx"}, "", "is not a cluster id"},
		{[]string{"delete", "cl-bad00001\n"}, "", "is not a cluster id"},
		{[]string{"delete", id, "more"}, "", `"more"`},
		{[]string{"delete", id, "--forse"}, "", "--forse"},
		{[]string{"delete", id, "--force=perhaps"}, "", "perhaps"},
		{[]string{"status", "--", "-x"}, "", "begins with a dash"},
		{[]string{"status", " orders"}, "", "begins or ends with a space"},
		{[]string{"status", strings.Repeat("x", 64)}, "", "has 64 characters; the limit is 63"},
		{[]string{"rename", id, "cl-bad00002"}, "", "begins with cl-, like a cluster id"},
		{[]string{"rename", id, "a\tb"}, "", "contains a control character"},
		{[]string{"rename", id, ""}, "", "name: required"},
		{[]string{"label", id, "team"}, "", `label "team" is not of the form key=value`},
		{[]string{"label", id, "a=1", "a-"}, "", `"a" is both set and removed`},
		{[]string{"label", id, "team", "-"}, "", "label"},
		{[]string{"create", "bad", "--label", "a b=c"}, "", `labels: "a b" must have`},
		{[]string{"create", "bad", "--name", "a\u202eb"}, "", "contains a control character"},
		{[]string{"nodes", "cl-"}, "", `"cl-" is not a cluster id`},
		{[]string{"create"}, "", "APP"},
		{[]string{"create", "bad", "--set", "novalue"}, "", "--set number 1"},
		{[]string{"create", "bad", "--set", "=5"}, "", "--set number 1"},
		{[]string{"create", "bad", "--set", "a=1", "--set", " =5"}, "", "--set number 2"},
		{[]string{"create", "bad", "--values", "/no/such/file"}, "", "/no/such/file"},
		{[]string{"create", "bad", "--values", "/"}, "", "directory"},
		{[]string{"create", "bad", "--values", "-"}, "[1, 2]", "is not a YAML mapping of names to values"},
		{[]string{"create", "bad", "--values", "-"}, `{"a": `, "is not a JSON object"},
		{[]string{"create", "bad", "--values", "-"}, `{"a": 1} {"b": 2}`, "-:1:10: not valid JSON"},
		{[]string{"create", "bad", "--values", "-"}, "a: [", "is not a YAML mapping"},
		{[]string{"create", "bad", "--values", "-"}, "{\"a\": 1,\n\"b\": {\"c\": 1, \"c\": 2}}", "-:2:15: b.c: duplicate key"},
		{[]string{"create", "bad", "--values", "-"}, "a: 1\nb: 2\na: 3", `line 3: duplicate key "a", first in line 1`},
		{[]string{"create", "bad", "--values", "-"}, "a: 1\n---\nb: 2", "line 2: a second document"},
		{[]string{"create", "bad", "--values", "-"}, "a: 1\nb: [", "line 2 cannot be read"},
		{[]string{"create", "bad", "--values", "-"}, "a: !!binary aGk=", "line 1: the tag !!binary"},
		{[]string{"create", "bad", "--values", "-"}, "? [a]\n: 1", "line 1: a key must be text"},
		{[]string{"create", "bad", "--values", "-"}, "a: &x [*x]", "YAML"},
		{[]string{"create", "bad", "--values", "-"}, strings.Repeat("x", 600<<10), "larger than 512 KiB"},
		{[]string{"create", "bad", "--on-failure", "explode"}, "", "explode"},
		{[]string{"create", "bad", "--barrier-timeout", "soon"}, "", "soon"},
		{[]string{"create", "bad", "--barrier-timeout", "-1m"}, "", "barrier"},
		{[]string{"create", "bad", "--barrier-timeout", "100h"}, "", "from 1s to 24h"},
		{[]string{"add-nodes", id, "--count", "0"}, "", "count: 0"},
		{[]string{"add-nodes", id, "--count", "-2"}, "", "count: -2"},
		{[]string{"add-nodes", id, "--count", "two"}, "", `"two"`},
		{[]string{"add-nodes", id, "--count", "1e3"}, "", `"1e3"`},
		{[]string{"add-nodes", id, "--count", "99999999999999999999"}, "", "99999999999999999999"},
		{[]string{"add-nodes", id, "--count", "2000000000"}, "", "at most 10000"},
		{[]string{"delete-nodes", id}, "", "NODE"},
		{[]string{"scale", id}, "", "cpu"},
		{[]string{"scale", id, "--cpu", "-1"}, "", "cpu: -1"},
		{[]string{"scale", id, "--memory", "4G"}, "", `"4G"`},
		{[]string{"upgrade", id}, "", "to"},
		{[]string{"upgrade", id, "--to", "a/b"}, "", `version: "a/b"`},
		{[]string{"run", id}, "", "SERVICE"},
		{[]string{"run", id, "backup", "--param", "keep"}, "", "--param number 1"},
		{[]string{"env", "set", id, "-p=hunter2"}, "", "as env.-p=1"},
		{[]string{"plan", "env", "set", id, "--no-such=hunter2"}, "", "as env.-p=1"},
		{[]string{"env", "set", id, "a=1", "--barrier-timeout", "soon"}, "", "soon"},
		{[]string{"apps", "publish", ".", "--app", "a", "--version", "中文"}, "", `version: "中文" must begin with a letter or digit`},
		{[]string{"apps", "publish", ".", "--app", "a b", "--version", "1\n"}, "", `version: "1\n" must begin`},
		{[]string{"set-env", id}, "", "set-env"},
		{[]string{"list", "-o", "xml"}, "", "xml"},
		{[]string{"list", "--timeout", "never"}, "", "never"},
		{[]string{"example", "NoSuch"}, "", "NoSuch"},
	} {
		name := strings.Join(c.args, " ") + " < " + c.stdin[:min(len(c.stdin), 20)]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := &counter{}
			got := ask(t, asked, c.stdin, c.args...)
			require.Equal(t, exitUsage, got.code)
			require.Contains(t, got.stderr.String(), c.want)
			require.NotContains(t, got.stderr.String(), "hunter2")
			require.Empty(t, asked.operation)
			require.Empty(t, asked.reads)
		})
	}
}
