package trial

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"drover/specs"
	"drover/workflows/api"
)

// The two versions that a test publishes; they differ in nothing but the upgrade policy.
const (
	firstVersion  = "1"
	secondVersion = "2"
)

// literal is a command that is written as it is in cluster.json.mustache.
var literal = regexp.MustCompile(`("cmd"\s*:\s*)("(?:[^"\\]|\\.)*")`)

// twice is a template whose services run twice each, and the services that it could not change: their command is not written as
// one text. A monitor's command has the same key and stays.
func twice(template string, spec *specs.Cluster) (_ string, left []string) {
	services := map[string][]string{} // labels by command
	for _, r := range spec.Roles {
		for name, s := range r.Services {
			if s.Cmd != "" && r.ReplicaOf == "" {
				services[s.Cmd] = append(services[s.Cmd], strings.TrimPrefix(r.Name+" "+name, " "))
			}
		}
	}
	changed := map[string]bool{}
	text := literal.ReplaceAllStringFunc(template, func(found string) string {
		parts := literal.FindStringSubmatch(found)
		var cmd string
		if json.Unmarshal([]byte(parts[2]), &cmd) != nil || services[cmd] == nil {
			return found
		}
		changed[cmd] = true
		return parts[1] + quoted(again(cmd))
	})
	for cmd, labels := range services {
		if !changed[cmd] {
			left = append(left, labels...)
		}
	}
	slices.Sort(left)
	return text, left
}

// again is a command that runs two times. Its standard output is that of the second, since Drover reads that of some services; the
// second's failure is a note in the output, so that one test finds all of them. Arguments are appended to a command as text, and
// reach the last line.
func again(cmd string) string {
	return "drover_once() {\n" + cmd + " \"$@\"\n}\n" +
		"drover_twice() {\n" +
		"(drover_once \"$@\") >&2 || exit\n" +
		"(drover_once \"$@\") || echo \"" + markBegin + "$?" + markEnd + "\" >&2\n" +
		"}\ndrover_twice"
}

// quoted is a JSON string without the signs of mustache.
func quoted(s string) string {
	text, _ := json.Marshal(s) // a string can be encoded
	return strings.NewReplacer("{{", `{\u007b`).Replace(string(text))
}

const markBegin, markEnd = "[drover package test: the second run ended with exit code ", "]"

var mark = regexp.MustCompile(regexp.QuoteMeta(markBegin) + `(\d+)` + regexp.QuoteMeta(markEnd))

// Again is a command that failed when it ran a second time.
type Again struct {
	Service  string `json:"service"`
	Node     string `json:"node"`
	Step     string `json:"step"` // of the test
	ExitCode int    `json:"exit_code"`
	// Output is the end of what both runs printed.
	Output string `json:"output,omitempty"`
}

// failedAgain are the commands of an operation whose second run failed.
func failedAgain(step string, commands []api.CommandLog) []Again {
	var out []Again
	for _, c := range commands {
		found := mark.FindStringSubmatch(c.Output)
		if found == nil {
			continue
		}
		code, _ := strconv.Atoi(found[1]) // digits
		out = append(out, Again{
			Service: c.Service, Node: c.Node, Step: step, ExitCode: code, Output: lastLines(mark.ReplaceAllString(c.Output, ""), 5),
		})
	}
	return out
}

var (
	interval  = regexp.MustCompile(`("interval_sec"\s*:\s*)\d+`)
	threshold = regexp.MustCompile(`("healthy_threshold"\s*:\s*)\d+`)
)

// quicker is a template whose health checks have a result soon: a test waits for one after every step.
func quicker(template string) string {
	return threshold.ReplaceAllString(interval.ReplaceAllString(template, "${1}2"), "${1}1")
}

var policy = regexp.MustCompile(`("upgrade_policy"\s*:\s*)\[[^\]]*\]`)

// upgradable is a template whose version can be upgraded to from another.
func upgradable(template, from string) string {
	list := fmt.Sprintf("[%q]", from)
	if policy.MatchString(template) {
		return policy.ReplaceAllString(template, "${1}"+list)
	}
	for i := 0; i < len(template); i++ {
		if strings.HasPrefix(template[i:], "{{") {
			end := strings.Index(template[i:], "}}")
			if end < 0 {
				break
			}
			i += end + 1
			continue
		}
		if template[i] == '{' {
			return template[:i+1] + `"upgrade_policy": ` + list + "," + template[i+1:]
		}
	}
	return template
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
