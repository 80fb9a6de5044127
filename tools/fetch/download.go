package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// patience is how slow a server may be: it answers within one window, and sends at least so many bytes in each one after.
type patience struct {
	window time.Duration
	least  int64
}

// usual gives up on what is slower than a build: 500 s for Consul's archive, half of it for Temporal's.
var usual = patience{window: 5 * time.Second, least: 512 << 10}

// download writes what url leads to into file, and fails unless it has this SHA-256.
func download(ctx context.Context, patience patience, url, sum, file string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var arrived atomic.Int64
	answered, finished := make(chan struct{}), make(chan struct{})
	defer close(finished)
	go patience.watch(cancel, &arrived, answered, finished)

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{CheckRedirect: onlySafer}).Do(request)
	if err != nil {
		return because(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	close(answered)

	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, hash, counter{&arrived}), response.Body); err != nil {
		return fmt.Errorf("GET %s: ended after %d of %d bytes: %w", url, arrived.Load(), response.ContentLength, because(ctx, err))
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != sum {
		return fmt.Errorf("GET %s: SHA-256 is %s, pinned is %s", url, got, sum)
	}
	return out.Close()
}

// watch cancels a download that loses patience.
func (p patience) watch(cancel context.CancelCauseFunc, arrived *atomic.Int64, answered, finished <-chan struct{}) {
	select {
	case <-answered:
	case <-finished:
		return
	case <-time.After(p.window):
		cancel(fmt.Errorf("no answer within %s", p.window))
		return
	}
	windows := time.NewTicker(p.window)
	defer windows.Stop()
	for before := int64(0); ; before = arrived.Load() {
		select {
		case <-finished:
			return
		case <-windows.C:
		}
		if got := arrived.Load() - before; got < p.least {
			cancel(fmt.Errorf("%d bytes in %s are fewer than %d", got, p.window, p.least))
			return
		}
	}
}

// because prefers the reason for a cancel to the error that followed from it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// onlySafer follows releases to the storage behind them, but never from TLS to plain HTTP.
func onlySafer(request *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return errors.New("more than 5 redirects")
	}
	if via[0].URL.Scheme == "https" && request.URL.Scheme != "https" {
		return fmt.Errorf("redirected from TLS to %s://%s", request.URL.Scheme, request.URL.Host)
	}
	return nil
}

// counter counts what is written to it.
type counter struct{ arrived *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.arrived.Add(int64(len(p)))
	return len(p), nil
}
