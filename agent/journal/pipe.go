package journal

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pipe carries a command's output to the supervisor. The end of the command is the exit of its shell, not EOF here
// (S7): a daemon left behind keeps the other end open for as long as it lives.
type pipe struct {
	r, w *os.File
	sink io.Writer
	done chan error
}

func newPipe(sink io.Writer) (*pipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &pipe{r: r, w: w, sink: sink, done: make(chan error, 1)}, nil
}

// begin closes the supervisor's copy of the write end, which the command has now, and starts copying.
func (p *pipe) begin() {
	p.w.Close()
	go func() {
		_, err := io.Copy(p.sink, p.r)
		p.done <- err
	}()
}

// settle is called when the shell has exited: everything written before that is in the sink when it returns, however
// much a daemon continues to write.
func (p *pipe) settle() (open bool) {
	p.r.SetReadDeadline(time.Unix(1, 0))
	if err := <-p.done; !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	p.r.SetReadDeadline(time.Time{})
	if pending := pendingBytes(p.r); pending > 0 {
		_, _ = io.CopyN(p.sink, p.r, pending)
	}
	return true
}

// drain reads on until the last holder of the write end is gone.
func (p *pipe) drain() { _, _ = io.Copy(p.sink, p.r) }

// pendingBytes is how many bytes can be read without waiting.
func pendingBytes(f *os.File) int64 {
	var n int
	c, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	refused := c.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	if refused != nil || err != nil {
		return 0
	}
	return int64(n)
}
