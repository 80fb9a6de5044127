package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	only    []string
	nodes   []int
	runs    int
	agents  []int
	changes int
	idle    time.Duration
	sshd    string
	build   bool
	keepLog string
	limit   time.Duration
	scale   bool
	records int
	doctor  bool
	console bool
}

func parse(args []string) (options, error) {
	var o options
	var only, nodes, agents string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&only, "only", "create,change,agent", "parts to measure")
	f.StringVar(&nodes, "nodes", "10,50,200", "cluster sizes of part create")
	f.IntVar(&o.runs, "runs", 3, "how often each size is created; the best counts")
	f.StringVar(&agents, "agents", "1,100", "numbers of agents of part change")
	f.IntVar(&o.changes, "changes", 100, "changes published for each number of agents")
	f.DurationVar(&o.idle, "idle", 30*time.Second, "how long part agent watches an idle agent")
	f.StringVar(&o.sshd, "sshd", "/usr/sbin/sshd", `OpenSSH server of the nodes; "" is the built-in one`)
	f.BoolVar(&o.build, "build", true, "run make build first")
	f.StringVar(&o.keepLog, "logs", "", "keep the servers' logs in this folder")
	f.BoolVar(&o.scale, "scale", false, "measure an installation of many clusters, and nothing else")
	f.IntVar(&o.records, "clusters", 10_000, "recorded clusters of -scale")
	f.BoolVar(&o.doctor, "doctor", true, "with -scale: run drover doctor over all of them too, which takes minutes")
	f.BoolVar(&o.console, "console", false, "measure drover-console alone")
	f.DurationVar(&o.limit, "limit", 20*time.Minute, "give up after this time")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.only = strings.Split(only, ",")
	if o.scale {
		o.only = nil
	}
	for _, part := range o.only {
		if !slices.Contains([]string{"create", "change", "agent"}, part) {
			return o, fmt.Errorf("-only %s: parts are create, change, agent", part)
		}
	}
	var err error
	if o.nodes, err = numbers(nodes); err != nil {
		return o, fmt.Errorf("-nodes: %w", err)
	}
	if o.agents, err = numbers(agents); err != nil {
		return o, fmt.Errorf("-agents: %w", err)
	}
	if o.runs < 1 || o.changes < 1 || o.records < 1 {
		return o, errors.New("-runs, -changes and -clusters must be at least 1")
	}
	return o, nil
}

func numbers(list string) ([]int, error) {
	var out []int
	for _, word := range strings.Split(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a list of positive numbers", list)
		}
		out = append(out, n)
	}
	return out, nil
}

func main() {
	o, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	printMachine(os.Stdout)
	if o.console {
		return measureConsole(ctx, o)
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if o.scale {
		if err := b.manyClusters(ctx); err != nil {
			return fmt.Errorf("part scale: %w", err)
		}
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{{"agent", b.agent}, {"change", b.change}, {"create", b.create}} {
		if !slices.Contains(o.only, part.name) {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("part %s: %w", part.name, err)
		}
	}
	b.verdicts.print(os.Stdout)
	return nil
}
