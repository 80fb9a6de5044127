package main

import (
	"fmt"
	"slices"
	"strings"

	"drover/tests/conformance"
)

const head = `# Which test proves which step

Every step of the documented procedures, in our words, and the tests that fail when it is not done as documented. Tests of
` + "`conformance`" + ` run real nodes, a real Temporal and a real Consul and look at what every command sees; the others are
smaller. Written by ` + "`go generate ./tests/conformance`" + `, checked by ` + "`go test -short ./tests/conformance/table`" + `; the
steps are in ` + "`lifecycle/procedures.go`" + `.
`

// format writes the page.
func format(procedures []conformance.Procedure, proofs map[string][]proof) string {
	var b strings.Builder
	b.WriteString(head)
	for _, p := range procedures {
		fmt.Fprintf(&b, "\n## %s\n\n| step | what | tests |\n|---|---|---|\n", p.Name)
		for _, s := range p.Steps {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", s.ID, s.Words, cell(proofs[s.ID]))
		}
	}
	return b.String()
}

// cell lists tests by folder, those of package conformance first.
func cell(proofs []proof) string {
	folders := map[string][]string{}
	var order []string
	for _, p := range proofs {
		if folders[p.folder] == nil {
			order = append(order, p.folder)
		}
		folders[p.folder] = append(folders[p.folder], strings.TrimPrefix(p.test, "Test"))
	}
	slices.SortFunc(order, func(a, b string) int {
		if (a == "conformance") != (b == "conformance") {
			if a == "conformance" {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, folder := range order {
		slices.Sort(folders[folder])
		parts = append(parts, folder+": "+strings.Join(folders[folder], ", "))
	}
	return strings.Join(parts, "<br>")
}
