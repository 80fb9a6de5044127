package output

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	ellipsis = "…"
	// comfortable is how far a column is cut before one of less importance is dropped, narrow how far it is cut at all.
	comfortable = 16
	narrow      = 4
)

// fitted is a table that fits into width columns of a terminal, with gap columns between two cells and edge at both ends
// together: columns are dropped in the order of Drop, long values end with an ellipsis. Width 0 has no limit.
func fitted(t Table, width, gap, edge int) Table {
	if width <= 0 || len(t.Header) == 0 {
		return t
	}
	drop := slices.Clone(t.Drop)
	for {
		room := width - edge - gap*(len(t.Header)-1)
		most := widest(t)
		if most := capped(most, room, comfortable); most != nil {
			return cut(t, most)
		}
		if len(drop) == 0 {
			if most = capped(most, room, narrow); most == nil {
				most = slices.Repeat([]int{narrow}, len(t.Header)) // narrower than any table
			}
			return cut(t, most)
		}
		t = without(t, drop[:1])
		drop = drop[1:]
	}
}

// widest are the widths of the columns.
func widest(t Table) []int {
	most := make([]int, len(t.Header))
	for _, r := range append([][]string{t.Header}, t.Rows...) {
		for i, cell := range r {
			most[i] = max(most[i], text.StringWidthWithoutEscSequences(cell))
		}
	}
	return most
}

// capped are the widths with the widest columns cut to one width, so that all of them have room; nil when that width would be
// less than floor.
func capped(widths []int, room, floor int) []int {
	for limit := slices.Max(widths); ; limit-- {
		sum := 0
		for _, w := range widths {
			sum += min(w, limit)
		}
		switch {
		case sum <= room:
			out := make([]int, len(widths))
			for i, w := range widths {
				out[i] = min(w, limit)
			}
			// What is left over goes to the columns that were cut, from the left.
			for i := range out {
				more := min(widths[i]-out[i], room-sum)
				out[i] += more
				sum += more
			}
			return out
		case limit <= floor:
			return nil
		}
	}
}

func cut(t Table, widths []int) Table {
	shorten := func(cells []string) []string {
		out := make([]string, len(cells))
		for i, cell := range cells {
			out[i] = Shortened(cell, widths[i])
		}
		return out
	}
	return each(t, shorten)
}

// Shortened is a text of at most width columns; one that was longer ends with an ellipsis.
func Shortened(s string, width int) string {
	if text.StringWidthWithoutEscSequences(s) <= width {
		return s
	}
	var b strings.Builder
	left := width - 1
	for _, r := range s {
		if left -= text.RuneWidth(r); left < 0 {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ") + ellipsis
}

// without is a table without some columns.
func without(t Table, names []string) Table {
	var keep []int
	for i, name := range t.Header {
		if !slices.Contains(names, name) {
			keep = append(keep, i)
		}
	}
	pick := func(cells []string) []string {
		out := make([]string, len(keep))
		for i, from := range keep {
			out[i] = cells[from]
		}
		return out
	}
	return each(t, pick)
}

// each is a table whose header and rows are changed.
func each(t Table, change func(cells []string) []string) Table {
	rows := make([][]string, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = change(r)
	}
	t.Header, t.Rows = change(t.Header), rows
	return t
}
