package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	writeWithin = 15 * time.Second       // a write that no member accepts for so long is lost
	tryWithin   = 2 * time.Second        // then the next member is tried
	pause       = 20 * time.Millisecond  // between two writes
	breath      = 100 * time.Millisecond // between two tries
)

// whileWriting does something to the cluster while a client writes numbered keys without end, each by way of the next
// member. An interruption may cost the client tries, but no write may fail. That none of those that etcd acknowledged
// gets lost is what check looks for.
func (d *demo) whileWriting(ctx context.Context, something func() error) error {
	stop, done := make(chan struct{}), make(chan writing, 1)
	began := time.Now()
	go func() { done <- d.stored.write(ctx, d.endpoints(), stop) }()
	err := something()
	close(stop)
	w := <-done
	if err = errors.Join(err, w.err); err != nil {
		return err
	}
	fmt.Printf("  a client wrote %d keys in these %.1f s: none failed, the slowest took %.2f s, %d times it had to try another member\n",
		w.keys, time.Since(began).Seconds(), w.longest.Seconds(), w.retries)
	return nil
}

// writing is how it went for a client.
type writing struct {
	keys, retries int
	longest       time.Duration
	err           error
}

func (s stored) write(ctx context.Context, endpoints []string, stop <-chan struct{}) (w writing) {
	turn := 0
	for {
		began := time.Now()
		tries, err := s.writeNext(ctx, endpoints, turn)
		took := time.Since(began)
		switch {
		case ctx.Err() != nil:
			w.err = errInterrupted
			return w
		case err != nil:
			w.err = fmt.Errorf("no member accepted a write within %s, in %d tries: %w", took.Round(time.Millisecond), tries, err)
			return w
		}
		w.keys++
		w.retries += tries - 1
		w.longest = max(w.longest, took)
		turn += tries
		select {
		case <-stop:
			return w
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// writeNext stores one more key, trying one member after the other, first the one whose turn it is. A try without an
// answer may have been stored or not: storing the same again does no harm.
func (s stored) writeNext(ctx context.Context, endpoints []string, turn int) (tries int, _ error) {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	key, value := fmt.Sprintf("/records/%06d", len(s)), fmt.Sprint("record ", len(s))
	for {
		limited, done := context.WithTimeout(ctx, tryWithin)
		err := put(limited, endpoints[(turn+tries)%len(endpoints)], key, value)
		done()
		tries++
		if err == nil {
			s[key] = value
			return tries, nil
		}
		select {
		case <-ctx.Done():
			return tries, err
		case <-time.After(breath):
		}
	}
}
