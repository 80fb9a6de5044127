package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	consul "github.com/hashicorp/consul/api"

	"drover/metadata"
	"drover/tests/stack"
	"drover/tests/stack/tree"
)

const (
	listed   = 10_000 // clusters of the list
	watchers = 1_000  // of one operation
	signals  = 200    // events whose way to a watcher is timed
	starts   = 5      // cold starts; the median counts
)

// measureConsole measures drover-console against the targets of docs/console.md.
func measureConsole(ctx context.Context, o options) (err error) {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	if o.build {
		build := exec.CommandContext(ctx, "make", "--no-print-directory", "-s", "-C", root, "bin/drover-console")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("make bin/drover-console: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "drover-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := stack.Start(ctx, stack.Options{Dir: filepath.Join(dir, "stack"), Root: root})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()

	var v verdicts
	for _, part := range []func(context.Context, *stack.Stack, *verdicts) error{pagesAndStart, live, lists} {
		if err := part(ctx, s, &v); err != nil {
			return err
		}
	}
	v.print(os.Stdout)
	return nil
}

// pagesAndStart starts the program with the views of 10,000 clusters in Consul, and reads the first page as a browser does.
func pagesAndStart(ctx context.Context, s *stack.Stack, v *verdicts) error {
	kv, err := consul.NewClient(&consul.Config{Address: s.ConsulURL})
	if err != nil {
		return err
	}
	if err := fill(kv); err != nil {
		return err
	}
	var began times
	for range starts {
		took, err := coldStart(ctx, s)
		if err != nil {
			return err
		}
		began = append(began, took)
	}
	size, err := firstPage(ctx, s.ConsoleURL())
	if err != nil {
		return err
	}
	v.add("first page, gzip", float64(size)/1000, 150, "kB")
	v.add(fmt.Sprintf("start to the list of %d clusters, median", listed), began.percentile(50).Seconds(), 1, "s")
	return s.KillConsole()
}

// fill writes views into Consul, as workers do.
func fill(kv *consul.Client) error {
	for from := 0; from < listed; from += 64 {
		var ops consul.KVTxnOps
		for _, view := range views()[from:min(from+64, listed)] {
			text, err := json.Marshal(view)
			if err != nil {
				return err
			}
			ops = append(ops, &consul.KVTxnOp{Verb: consul.KVSet, Key: kvPrefix + "/views/" + view.ClusterID, Value: text}) //nolint:forbidigo // a Consul of its own, thrown away
		}
		if ok, answer, _, err := kv.KV().Txn(ops, nil); err != nil || !ok { //nolint:forbidigo // as above
			return cmp.Or(err, fmt.Errorf("consul: %v", answer))
		}
	}
	return nil
}

// views are made-up clusters.
func views() []metadata.View {
	out := make([]metadata.View, listed)
	for i := range out {
		out[i] = metadata.View{
			ClusterID: fmt.Sprintf("cl-%08d", i), Name: fmt.Sprintf("cluster %d", i), App: []string{"etcd", "redis", "zookeeper"}[i%3], Version: "3.6",
			Provider: "static", State: []string{"active", "stopped"}[i%2], Revision: 7, CreatedAt: "2026-11-01T00:00:00Z", NodeCount: 3,
			Endpoints: []metadata.ViewEndpoint{{Name: "client", Port: "2379", Protocol: "tcp"}},
		}
		for n := range 3 {
			out[i].Nodes = append(out[i].Nodes, metadata.ViewNode{
				NodeID: fmt.Sprintf("cln-%06d%d", i%1_000_000, n), InstanceID: fmt.Sprintf("i-%08d", i), Role: "node", SID: n + 1, IP: "10.0.0.1", CPU: 2, Memory: 4096, VolumeSize: 20,
			})
		}
	}
	return out
}

// coldStart is the time from the start of the program to the first answer of the list with all clusters, the one-time link used.
func coldStart(ctx context.Context, s *stack.Stack) (time.Duration, error) {
	if err := s.KillConsole(); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := s.StartConsole(ctx); err != nil {
		return 0, err
	}
	link, err := s.ConsoleLink()
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultTransport.RoundTrip(request(ctx, link, nil))
	if err != nil {
		return 0, err
	}
	answer.Body.Close()
	if len(answer.Cookies()) == 0 {
		return 0, fmt.Errorf("the link was answered with %s", answer.Status)
	}
	var page struct {
		Total int `json:"total"`
	}
	if err := get(ctx, s.ConsoleURL()+"/v1/clusters", answer.Cookies()[0], &page); err != nil {
		return 0, err
	}
	if page.Total != listed {
		return 0, fmt.Errorf("the list has %d clusters, not %d", page.Total, listed)
	}
	return time.Since(began), nil
}

var loads = regexp.MustCompile(`(?:src|href)="(/[^"]+)"`)

// firstPage is the size of index.html and of everything that it loads, as they are sent.
func firstPage(ctx context.Context, base string) (int, error) {
	sum := 0
	read := func(path string) (string, error) {
		r := request(ctx, base+path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			return "", cmp.Or(err, fmt.Errorf("%s: %s", path, answer.Status))
		}
		sum += len(text)
		return string(text), nil
	}
	packed, err := read("/")
	if err != nil {
		return 0, err
	}
	page := packed
	if z, err := gzip.NewReader(strings.NewReader(packed)); err == nil {
		plain, err := io.ReadAll(z)
		if err != nil {
			return 0, err
		}
		page = string(plain)
	}
	for _, found := range loads.FindAllStringSubmatch(page, -1) {
		if _, err := read(found[1]); err != nil {
			return 0, err
		}
	}
	return sum, nil
}
