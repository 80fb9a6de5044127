package conformance

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// group is commands that must run at the same time, and what each of them must see when it begins.
type group struct {
	command string
	members []string       // "role/sid"
	exits   map[string]int // by member; absent is 0
	sees    string
	begun   map[string]*begun
	ended   int
	open    chan struct{} // closed when all members have begun
}

// groupsOf reads a procedure: one group a line, as
//
//	COMMAND: ROLE/SID[=EXIT-CODE]... [| hosts ROLE/SID...; adding ...; deleting ...; scaling ...; from ...]
//
// A group that does not say what is seen sees what the one before it does.
func groupsOf(t *testing.T, lines []string) []*group {
	t.Helper()
	var groups []*group
	for _, line := range lines {
		what, sees, says := strings.Cut(line, "|")
		command, members, ok := strings.Cut(what, ":")
		require.True(t, ok, "no command in %q", line)
		g := &group{command: strings.TrimSpace(command), exits: map[string]int{}, begun: map[string]*begun{}, open: make(chan struct{})}
		for _, word := range strings.Fields(members) {
			member, code, fails := strings.Cut(word, "=")
			if fails {
				exit, err := strconv.Atoi(code)
				require.NoError(t, err, line)
				g.exits[member] = exit
			}
			g.members = append(g.members, member)
		}
		require.NotEmpty(t, g.members, line)
		require.True(t, says || len(groups) > 0, "the first group must say what is seen: %q", line)
		if g.sees = strings.TrimSpace(sees); !says {
			g.sees = groups[len(groups)-1].sees
		}
		groups = append(groups, g)
	}
	return groups
}

func (g *group) String() string { return g.command + ": " + strings.Join(g.members, " ") }

// missing are the members that have not begun.
func (g *group) missing() []string {
	var out []string
	for _, m := range g.members {
		if g.begun[m] == nil {
			out = append(out, m)
		}
	}
	return out
}

var member = regexp.MustCompile(`^/(hosts|adding-hosts|deleting-hosts)/(.+)/sid$`)

// sees writes down what a tree says of members and temporary folders.
func sees(keys map[string]string) string {
	folders := map[string][]string{}
	for key, sid := range keys {
		if m := member.FindStringSubmatch(key); m != nil {
			role := keys[strings.TrimSuffix(key, "/sid")+"/role"]
			folders[m[1]] = append(folders[m[1]], role+"/"+sid)
		}
	}
	var parts []string
	for _, folder := range []struct{ key, word string }{{"hosts", "hosts"}, {"adding-hosts", "adding"}, {"deleting-hosts", "deleting"}} {
		if nodes := folders[folder.key]; len(nodes) > 0 {
			slices.SortFunc(nodes, byRoleAndSID)
			parts = append(parts, folder.word+" "+strings.Join(nodes, " "))
		}
	}
	if roles, ok := keys["/vertical-scaling-roles"]; ok {
		parts = append(parts, "scaling "+roles)
	}
	for key, value := range keys {
		if strings.HasPrefix(key, "/upgrade-audit/") {
			parts = append(parts, "from "+value)
		}
	}
	return strings.Join(parts, "; ")
}

func byRoleAndSID(a, b string) int {
	roleA, sidA, _ := strings.Cut(a, "/")
	roleB, sidB, _ := strings.Cut(b, "/")
	if roleA != roleB {
		return strings.Compare(roleA, roleB)
	}
	numberA, _ := strconv.Atoi(sidA)
	numberB, _ := strconv.Atoi(sidB)
	return numberA - numberB
}

// keysOf are the keys of a tree, sorted.
func keysOf(tree map[string]string) []string { return slices.Sorted(maps.Keys(tree)) }

// below is a subtree.
func below(tree map[string]string, folder string) map[string]string {
	out := map[string]string{}
	for key, value := range tree {
		if rest, ok := strings.CutPrefix(key, folder); ok {
			out[rest] = value
		}
	}
	return out
}

// distinct are the words of a text, sorted, each once.
func distinct(text string) string {
	words := strings.Fields(text)
	slices.SortFunc(words, byRoleAndSID)
	return strings.Join(slices.Compact(words), " ")
}

// difference names keys that differ between two trees.
func difference(a, b map[string]string) string {
	var out []string
	for key, value := range a {
		if other, ok := b[key]; !ok || other != value {
			out = append(out, fmt.Sprintf("%s: %q, %q", key, value, b[key]))
		}
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			out = append(out, fmt.Sprintf("%s: only %q", key, b[key]))
		}
	}
	sort.Strings(out)
	return strings.Join(out, "; ")
}
