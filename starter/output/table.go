package output

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

func renderTable(t Table, format Format) string {
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
	w := writer(format)
	w.AppendHeader(row(t.Header))
	for _, r := range t.Rows {
		w.AppendRow(row(r))
	}
	return title + w.Render() + "\n"
}

func renderFields(fields Fields, format Format) string {
	w := writer(format)
	shown := 0
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		w.AppendRow(table.Row{f[0], strings.TrimRight(Clean(f[1]), "\n")})
		shown++
	}
	if shown == 0 {
		return ""
	}
	return w.Render() + "\n"
}

func row(cells []string) table.Row {
	out := make(table.Row, len(cells))
	for i, cell := range cells {
		out[i] = strings.TrimRight(Clean(cell), "\n")
	}
	return out
}

func writer(format Format) table.Writer {
	w := table.NewWriter()
	w.SuppressTrailingSpaces()
	style := table.StyleLight
	if format == Text {
		style.Options = table.OptionsNoBordersAndSeparators
		style.Box.PaddingLeft = ""
		style.Box.PaddingRight = "  "
	}
	style.Format.Header = text.FormatUpper
	w.SetStyle(style)
	return w
}
