package output

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Between and around cells, with and without lines.
const (
	gap, edge           = 2, 0
	boxedGap, boxedEdge = 3, 4
)

func renderTable(t Table, format Format, width int) string {
	title := ""
	if t.Title != "" {
		title = Clean(t.Title) + "\n"
	}
	if len(t.Rows) == 0 {
		if t.Empty == "" {
			return title
		}
		return title + t.Empty + "\n"
	}
	rows := make([][]string, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = cleaned(r)
	}
	t.Rows = rows
	switch format {
	case Wide: // everything, whatever the width
	case Boxed:
		t = fitted(without(t, t.Wide), width, boxedGap, boxedEdge)
	default:
		t = fitted(without(t, t.Wide), width, gap, edge)
	}
	w := writer(format)
	w.AppendHeader(row(t.Header))
	for _, r := range t.Rows {
		w.AppendRow(row(r))
	}
	return title + w.Render() + "\n"
}

// renderFields wraps long values under themselves.
func renderFields(fields Fields, format Format, width int) string {
	w := writer(format)
	names := 0
	for _, f := range fields {
		if f[1] != "" {
			names = max(names, text.StringWidthWithoutEscSequences(f[0]))
		}
	}
	if names == 0 {
		return ""
	}
	room := width - names - gap - edge
	if format == Boxed {
		room = width - names - boxedGap - boxedEdge
	}
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		value := strings.TrimRight(Clean(f[1]), "\n")
		if width > 0 && format != Wide && room >= comfortable {
			value = text.WrapSoft(value, room)
		}
		w.AppendRow(table.Row{f[0], value})
	}
	return w.Render() + "\n"
}

// cleaned are cells of one line each.
func cleaned(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = strings.ReplaceAll(strings.TrimRight(Clean(cell), "\n"), "\n", " ")
	}
	return out
}

func row(cells []string) table.Row {
	out := make(table.Row, len(cells))
	for i, cell := range cells {
		out[i] = cell
	}
	return out
}

func writer(format Format) table.Writer {
	w := table.NewWriter()
	w.SuppressTrailingSpaces()
	style := table.StyleLight
	if format != Boxed {
		style.Options = table.OptionsNoBordersAndSeparators
		style.Box.PaddingLeft = ""
		style.Box.PaddingRight = "  "
	}
	style.Format.Header = text.FormatUpper
	w.SetStyle(style)
	return w
}
