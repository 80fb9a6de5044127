package badinput

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"drover/starter/cli"
)

// commandCases are command lines that are refused as wrong usage (exit code 2) before Temporal is asked.
func commandCases(*testing.T) []refusal {
	const id = "cl-bad00001"
	var out []refusal
	for _, c := range []struct {
		args  []string
		stdin string
		tells string
	}{
		{[]string{"nosuch"}, "", "nosuch"},
		{[]string{"delete"}, "", "CLUSTER"},
		{[]string{"delete", "cl-1"}, "", `"cl-1" is no cluster id`},
		{[]string{"delete", ""}, "", `"" is no cluster id`},
		{[]string{"delete", "CL-BAD00001"}, "", "is no cluster id"},
		{[]string{"delete", "cl-bad00001; reboot"}, "", `"cl-bad00001; reboot" is no cluster id`},
		{[]string{"delete", "cl-$(id)xx"}, "", "is no cluster id"},
		{[]string{"delete", "../cl-bad00001"}, "", "is no cluster id"},
		{[]string{"delete", "cl-bad00001\n"}, "", "is no cluster id"},
		{[]string{"delete", id, "more"}, "", `"more"`},
		{[]string{"delete", id, "--forse"}, "", "--forse"},
		{[]string{"delete", id, "--force=perhaps"}, "", "perhaps"},
		{[]string{"status", "x"}, "", `"x" is no cluster id`},
		{[]string{"nodes", "cl-"}, "", `"cl-" is no cluster id`},
		{[]string{"create"}, "", "APP"},
		{[]string{"create", "bad", "--set", "novalue"}, "", "--set number 1"},
		{[]string{"create", "bad", "--set", "=5"}, "", "--set number 1"},
		{[]string{"create", "bad", "--set", "a=1", "--set", " =5"}, "", "--set number 2"},
		{[]string{"create", "bad", "--values", "/no/such/file"}, "", "/no/such/file"},
		{[]string{"create", "bad", "--values", "/"}, "", "directory"},
		{[]string{"create", "bad", "--values", "-"}, "[1, 2]", "no YAML of names and values"},
		{[]string{"create", "bad", "--values", "-"}, `{"a": `, "no JSON object"},
		{[]string{"create", "bad", "--values", "-"}, `{"a": 1} {"b": 2}`, "text after its JSON object"},
		{[]string{"create", "bad", "--values", "-"}, "a: [", "no YAML"},
		{[]string{"create", "bad", "--values", "-"}, "a: .nan", "cannot be written as JSON"},
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
		{[]string{"set-env", id}, "", "set-env"},
		{[]string{"list", "-o", "xml"}, "", "xml"},
		{[]string{"list", "--timeout", "never"}, "", "never"},
		{[]string{"example", "NoSuch"}, "", "NoSuch"},
	} {
		name := strings.Join(c.args, " ")
		if c.stdin != "" {
			name += " < " + c.stdin[:min(len(c.stdin), 20)]
		}
		out = append(out, refusal{name, func(t *testing.T) error { return commanded(t, c.args, c.stdin) }, "", []string{"exit code 2:", c.tells}})
	}
	return out
}

func commanded(t *testing.T, args []string, stdin string) error {
	var stdout, stderr bytes.Buffer
	code := cli.Run(t.Context(), cli.System{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Version: "test",
		Environ: []string{"TEMPORAL_CONFIG_FILE=/dev/null"},
		Dial: func(context.Context, client.Options, time.Duration) (client.Client, error) {
			return nil, errors.New("Temporal was asked")
		},
		Terminal: func(any) (int, int, bool) { return 0, 0, false },
	})
	if code == 0 {
		return nil
	}
	return fmt.Errorf("exit code %d: %s", code, stderr.String())
}
