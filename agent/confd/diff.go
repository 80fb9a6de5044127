package confd

import (
	"fmt"
	"strings"
)

// unified is the difference of two texts as `diff -u` shows it; empty when they are equal.
func unified(oldName, newName, before, after string) string {
	if before == after {
		return ""
	}
	edits := compareLines(lines(before), lines(after))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", oldName, newName)
	const context = 3
	for i := 0; i < len(edits); {
		if edits[i].op == ' ' {
			i++
			continue
		}
		// A hunk continues as long as the next change is near enough to share its context.
		start, end := max(0, i-context), i
		for j := i; j < len(edits) && j <= end+2*context; j++ {
			if edits[j].op != ' ' {
				end = j
			}
		}
		stop := min(len(edits), end+1+context)
		writeHunk(&out, edits[start:stop])
		i = stop
	}
	return out.String()
}

// edit is one line: ' ' in both, '-' only before, '+' only after. a and b are the lines already passed on each side.
type edit struct {
	op   byte
	line string
	a, b int
}

func writeHunk(out *strings.Builder, edits []edit) {
	var olds, news int
	for _, e := range edits {
		if e.op != '+' {
			olds++
		}
		if e.op != '-' {
			news++
		}
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n", hunkRange(edits[0].a, olds), hunkRange(edits[0].b, news))
	for _, e := range edits {
		out.WriteByte(e.op)
		out.WriteString(e.line)
		if !strings.HasSuffix(e.line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

func hunkRange(passed, count int) string {
	if count == 0 {
		return fmt.Sprintf("%d,0", passed)
	}
	return fmt.Sprintf("%d,%d", passed+1, count)
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	all := strings.SplitAfter(text, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// maxTable bounds the memory of the comparison; beyond it the changed middle is shown as replaced altogether.
const maxTable = 4 << 20

// compareLines finds the longest common lines of what is left between the common start and the common end.
func compareLines(a, b []string) []edit {
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	x, y := a[start:endA], b[start:endB]
	var common [][]int32 // common[i][j]: longest common lines of x[i:] and y[j:]
	if (len(x)+1)*(len(y)+1) <= maxTable {
		common = make([][]int32, len(x)+1)
		for i := range common {
			common[i] = make([]int32, len(y)+1)
		}
		for i := len(x) - 1; i >= 0; i-- {
			for j := len(y) - 1; j >= 0; j-- {
				if x[i] == y[j] {
					common[i][j] = common[i+1][j+1] + 1
				} else {
					common[i][j] = max(common[i+1][j], common[i][j+1])
				}
			}
		}
	}
	var edits []edit
	i, j := 0, 0
	add := func(op byte, line string) {
		edits = append(edits, edit{op, line, i, j})
		if op != '+' {
			i++
		}
		if op != '-' {
			j++
		}
	}
	for i < start {
		add(' ', a[i])
	}
	for i < endA || j < endB {
		switch {
		case common != nil && i < endA && j < endB && a[i] == b[j]:
			add(' ', a[i])
		case i < endA && (j == endB || common == nil || common[i-start+1][j-start] >= common[i-start][j-start+1]):
			add('-', a[i])
		default:
			add('+', b[j])
		}
	}
	for i < len(a) {
		add(' ', a[i])
	}
	return edits
}
