package screen

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"drover/client"
)

// Painter shows frames of an operation in place on a terminal.
type Painter struct {
	Canvas
	Now   func() time.Time
	Color bool
}

// Show paints the sight over the one before; the last sight of an operation in full, whatever the terminal's height.
func (p *Painter) Show(s client.Sight) {
	width, height := p.Size()
	frame := Frame{Sight: s, Now: p.Now(), Width: width, Color: p.Color}
	if s.Operation.Running() {
		frame.Height = max(height-1, 2)
	}
	p.Paint(width, frame.Lines())
}

// Canvas shows lines in place on a terminal: each painting replaces the one before. Close gives the cursor back.
type Canvas struct {
	// Out is the terminal; Size returns its current columns and lines, asked for every painting, so that resizing just works.
	Out  io.Writer
	Size func() (width, height int)

	widths []int // of the lines on the screen
	hidden bool  // the cursor is
}

const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearBelow = "\x1b[J"
)

// Paint replaces what was painted before, in a terminal that is width wide now.
func (c *Canvas) Paint(width int, lines []string) {
	var b strings.Builder
	if !c.hidden {
		b.WriteString(hideCursor)
		c.hidden = true
	}
	b.WriteString(c.up(width) + "\r" + clearBelow)
	c.widths = c.widths[:0]
	for _, line := range lines {
		b.WriteString(line + "\r\n")
		c.widths = append(c.widths, text.StringWidthWithoutEscSequences(line))
	}
	_, _ = io.WriteString(c.Out, b.String()) // a terminal that went away is noticed by the command's last output
}

// up moves to the first painted line. A line painted before the terminal became narrower takes several rows now.
func (c *Canvas) up(width int) string {
	rows := 0
	for _, w := range c.widths {
		rows += max((w+width-1)/max(width, 1), 1)
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA", rows)
}

// Close leaves the last painting on the screen and shows the cursor again. It may be called twice.
func (c *Canvas) Close() {
	if c.hidden {
		_, _ = io.WriteString(c.Out, "\r"+clearBelow+showCursor) // the terminal itself may have shown a ^C
		c.hidden = false
	}
}
