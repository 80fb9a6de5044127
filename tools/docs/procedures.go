package main

import (
	"fmt"
	"strings"

	"drover/lifecycle"
)

// contentOf is a part by its name: "rooms", "walls", "points", "states", a list of metrics, or the name of an operation.
func contentOf(name string) (string, bool) {
	switch name {
	case "rooms":
		return short(), true
	case "walls":
		return walls(), true
	case "points":
		return points(), true
	case "states":
		return states(), true
	}
	if list, ok := measured[name]; ok {
		return table(list), true
	}
	if part, ok := referenced[name]; ok {
		return part(), true
	}
	p, ok := lifecycle.ProcedureOf(name)
	if !ok {
		return "", false
	}
	return procedure(p), true
}

// procedure is the table of an operation's steps, and what a failure does.
func procedure(p lifecycle.Procedure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s.\n\n| step | what happens |\n|---|---|\n", p.Op, p.Does)
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "| %s | %s |\n", s.ID, s.Does)
	}
	fmt.Fprintf(&b, "\nFailure or cancel: %s\n", p.OnFailure)
	return b.String()
}

// points says from which step on nothing is undone.
func points() string {
	var b strings.Builder
	b.WriteString("| operation | no return: a cancel has no effect from | effects stay, a cancel only ends it, from | why |\n|---|---|---|---|\n")
	for _, p := range lifecycle.Catalogue {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.Op, alternatives(p.NoReturn), alternatives(p.Stays), p.NoReturn.Why+p.Stays.Why)
	}
	return b.String()
}

func alternatives(p lifecycle.Point) string {
	var ids []string
	for _, id := range p.Steps {
		ids = append(ids, string(id))
	}
	return strings.Join(ids, ", else ")
}

// states says from which states operations may start.
func states() string {
	var b strings.Builder
	b.WriteString("| operation | may start while the cluster is |\n|---|---|\n")
	for _, p := range lifecycle.Catalogue {
		from := "in every state"
		switch {
		case p.Op == lifecycle.OpCreateCluster, p.Op == lifecycle.OpRestoreCluster, p.Op == lifecycle.OpVerifyBackup:
			from = "not there yet"
		case len(p.From) > 0:
			var words []string
			for _, s := range p.From {
				words = append(words, string(s))
			}
			from = strings.Join(words, ", ")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", p.Op, from)
	}
	return b.String()
}
