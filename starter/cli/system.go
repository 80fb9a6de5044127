package cli

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/term"
)

// System is everything the CLI gets from outside. Nil functions mean the real thing.
type System struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string // KEY=value
	Version string

	Now func() time.Time
	// Dial connects to Temporal; nil means client.Connect.
	Dial func(context.Context, client.Options, time.Duration) (client.Client, error)
	// Terminal says whether a stream is a terminal, and its size now.
	Terminal func(stream any) (width, height int, is bool)
	// Become replaces this process by another program; nil means execve.
	Become func(program string, argv, environ []string) error
	// NewClusterID generates an unused id.
	NewClusterID func() string
}

// environment is System's environment as envconfig reads it. A variable that is set to nothing counts as not set:
// `TEMPORAL_ADDRESS= drover list` means the file's address, not none.
type environment []string

func (e environment) Environ() []string { return e }

func (e environment) LookupEnv(name string) (string, bool) {
	for i := len(e) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(e[i], "="); ok && k == name {
			return v, v != ""
		}
	}
	return "", false
}

// set says whether the variable is there and not empty.
func (e environment) set(name string) bool {
	_, ok := e.LookupEnv(name)
	return ok
}

func realTerminal(stream any) (width, height int, is bool) {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24, true
	}
	return width, height, true
}

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// randomClusterID is cl- and 8 random letters or digits: 41 bits, so that two people creating at once do not meet.
func randomClusterID() string {
	id := make([]byte, 0, 8)
	var draw [1]byte
	for len(id) < cap(id) {
		_, _ = rand.Read(draw[:]) // never fails: crypto/rand ends the process instead
		// Bytes past the last full multiple of the alphabet are drawn again, else some letters would be likelier.
		if int(draw[0]) < 256/len(idAlphabet)*len(idAlphabet) {
			id = append(id, idAlphabet[int(draw[0])%len(idAlphabet)])
		}
	}
	return "cl-" + string(id)
}
