package apps

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a client tries to get one write accepted: generous, since machines that test are loaded.
const patience = 2 * time.Minute

// Writer is a client that stores numbered items, whatever happens to the cluster meanwhile.
type Writer struct {
	// Write stores item n. Storing it again must do no harm: an attempt without an answer may have been stored or not.
	Write func(ctx context.Context, n int) error
	// Stored is how many items were acknowledged.
	Stored int
}

// While does something while the client writes. The client may have to retry; that it gets no write through for two
// minutes fails the test.
func (w *Writer) While(t *testing.T, something func()) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan error, 1)
	before := w.Stored
	go func() { done <- w.write(stop) }()
	func() {
		defer close(stop)
		something()
	}()
	require.NoError(t, <-done, "after %d writes", w.Stored)
	require.Greater(t, w.Stored, before)
	t.Logf("         a client wrote %d items meanwhile", w.Stored-before)
}

func (w *Writer) write(stop <-chan struct{}) error {
	for {
		deadline := time.Now().Add(patience)
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			err := w.Write(ctx, w.Stored)
			cancel()
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
		w.Stored++
		select {
		case <-stop:
			return nil
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// Eventually waits until something has happened that no operation waits for.
func Eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !happened() {
		require.True(t, time.Now().Before(deadline), "did not happen within two minutes: %s", what)
		time.Sleep(500 * time.Millisecond)
	}
}
