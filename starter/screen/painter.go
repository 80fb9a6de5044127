package screen

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"drover/client"
)

// Painter shows frames in place on a terminal: each replaces the one before. Close gives the cursor back.
type Painter struct {
	// Out is the terminal; Size returns its current columns and lines, asked for every frame, so that resizing just works.
	Out   io.Writer
	Size  func() (width, height int)
	Now   func() time.Time
	Color bool

	widths []int // of the lines on the screen
	hidden bool  // the cursor is
}

const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearBelow = "\x1b[J"
)

// Show paints the sight over the one before; the last sight of an operation in full, whatever the terminal's height.
func (p *Painter) Show(s client.Sight) {
	width, height := p.Size()
	frame := Frame{Sight: s, Now: p.Now(), Width: width, Color: p.Color}
	if s.Operation.Running() {
		frame.Height = max(height-1, 2)
	}
	lines := frame.Lines()
	var b strings.Builder
	if !p.hidden {
		b.WriteString(hideCursor)
		p.hidden = true
	}
	b.WriteString(p.up(width) + "\r" + clearBelow)
	p.widths = p.widths[:0]
	for _, line := range lines {
		b.WriteString(line + "\r\n")
		p.widths = append(p.widths, text.StringWidthWithoutEscSequences(line))
	}
	_, _ = io.WriteString(p.Out, b.String()) // a terminal that went away is noticed by the command's last output
}

// up moves to the first painted line. A line painted before the terminal became narrower takes several rows now.
func (p *Painter) up(width int) string {
	rows := 0
	for _, w := range p.widths {
		rows += max((w+width-1)/max(width, 1), 1)
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA", rows)
}

// Close leaves the last frame on the screen and shows the cursor again. It may be called twice.
func (p *Painter) Close() {
	if p.hidden {
		_, _ = io.WriteString(p.Out, "\r"+clearBelow+showCursor) // the terminal itself may have shown a ^C
		p.hidden = false
	}
}
