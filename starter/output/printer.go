package output

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Format is a way to print.
type Format string

const (
	Text  Format = "text"  // for people, columns without lines
	Boxed Format = "table" // for people, with lines
	Wide  Format = "wide"  // for people, all columns, nothing cut
	JSON  Format = "json"  // for programs
)

// Formats in the order help shows them.
var Formats = []string{string(Text), string(Boxed), string(Wide), string(JSON)}

// Printer writes outputs to Stdout and errors to Stderr.
type Printer struct {
	Stdout io.Writer
	Stderr io.Writer
	Format Format
	// Width is that of the terminal Stdout is; 0 when it is none.
	Width int
}

// Print writes one output.
func (p *Printer) Print(o Output) error {
	if p.Format == JSON {
		if o.Value == nil {
			return nil
		}
		return encode(p.Stdout, o.Value)
	}
	var b strings.Builder
	for i, block := range o.Blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch block := block.(type) {
		case Fields:
			b.WriteString(renderFields(block, p.Format, p.Width))
		case Table:
			b.WriteString(renderTable(block, p.Format, p.Width))
		case Lines:
			for _, line := range block {
				b.WriteString(Clean(line) + "\n")
			}
		}
	}
	_, err := io.WriteString(p.Stdout, b.String())
	return err
}

// Line writes one value as one line of JSON, for streams.
func (p *Printer) Line(v any) error {
	e := json.NewEncoder(p.Stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Say writes a remark for people to Stderr; programs do not get it.
func (p *Printer) Say(format string, args ...any) {
	if p.Format != JSON {
		fmt.Fprintln(p.Stderr, Clean(fmt.Sprintf(format, args...)))
	}
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
