// Command matrix kills every component at every moment of every operation, and prints the results: make chaos.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"drover/tests/chaos"
	"drover/tests/stack/tree"
)

// options are the command line.
type options struct {
	only, kill []string
	worlds     int
	limit      time.Duration
	keep       string
	record     string
	partition  time.Duration
	sample     int
	random     int
	seed       uint64
	bin        string // set for the process in the network namespace
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	only := f.String("only", strings.Join(chaos.Operations(), ","), "operations")
	kill := f.String("kill", strings.Join(chaos.Kills(), ","), "faults")
	f.IntVar(&o.worlds, "worlds", 3, "number of sets of servers to run concurrently; they mostly wait")
	f.DurationVar(&o.limit, "limit", 0, "begin no further case after this time; 0 means no limit")
	f.StringVar(&o.keep, "keep", "", "keep the servers' logs in this folder, which must not exist")
	f.StringVar(&o.record, "record", "", "write every outcome to this file, and do not repeat its passed cases")
	f.DurationVar(&o.partition, "partition", 30*time.Second, "duration of cut connections")
	f.IntVar(&o.sample, "sample", 0, "run only this number of cases, drawn by -seed; 0 means all")
	f.IntVar(&o.random, "random", 0, "instead of the matrix, run this number of cases at random times, drawn by -seed")
	f.Uint64Var(&o.seed, "seed", 1, "seed of random choices")
	f.StringVar(&o.bin, "bin", "", "folder of the built programs; set for the process in the new network namespace")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.only, o.kill = strings.Split(*only, ","), strings.Split(*kill, ",")
	for name, list := range map[string][2][]string{"only": {o.only, chaos.Operations()}, "kill": {o.kill, chaos.Kills()}} {
		for _, word := range list[0] {
			if !slices.Contains(list[1], word) {
				return o, fmt.Errorf("-%s %s does not exist; use %s", name, word, strings.Join(list[1], ", "))
			}
		}
	}
	if o.worlds < 1 || o.worlds > 16 {
		return o, errors.New("-worlds must be from 1 to 16")
	}
	return o, nil
}

func main() {
	o, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if o.bin == "" {
		err = outside(ctx, o)
	} else {
		err = inside(ctx, o)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// outside builds the programs and runs the matrix in a new network namespace.
func outside(ctx context.Context, o options) (err error) {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	if o.keep == "" {
		if o.keep, err = os.MkdirTemp("", "drover-chaos-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.keep)) }()
	}
	o.bin = filepath.Join(o.keep, "bin")
	if err := chaos.Build(ctx, root, o.bin); err != nil {
		return err
	}
	if os.Getuid() != 0 {
		fmt.Println("not root: connections are not cut, and no SSH server is killed")
		return inside(ctx, o)
	}
	code, err := chaos.Inside("-keep", o.keep, "-bin", o.bin)
	if err == nil && code != 0 {
		err = errors.New("see above")
	}
	return err
}

// inside runs the matrix.
func inside(ctx context.Context, o options) (err error) {
	began := time.Now()
	root, err := tree.Root()
	if err != nil {
		return err
	}
	if os.Getuid() == 0 {
		if err := chaos.LoopbackUp(); err != nil {
			return err
		}
	}
	var worlds []*chaos.World
	defer func() {
		for _, w := range worlds {
			err = errors.Join(err, w.Close())
		}
	}()
	for i := range o.worlds {
		w, err := chaos.Start(ctx, chaos.Options{
			Root: root, Bin: o.bin, Dir: filepath.Join(o.keep, fmt.Sprint(i)), Range: fmt.Sprintf("127.%d.0.0/16", 100+i), Log: os.Stderr,
			SSHServer: chaos.OpenSSH(), Partition: o.partition,
		})
		if err != nil {
			return err
		}
		worlds = append(worlds, w)
	}
	say := func(out chaos.Outcome) {
		fmt.Printf("%7.0fs  %s\n", time.Since(began).Seconds(), out.Line())
	}
	known, err := worlds[0].Moments(ctx, o.only, say)
	if err != nil {
		return err
	}
	impossible := worlds[0].Impossible()
	for kill, why := range impossible {
		fmt.Printf("not run: %s: %s\n", kill, why)
	}
	wanted := func(c chaos.Case) bool {
		return slices.Contains(o.only, c.Operation) && slices.Contains(o.kill, c.Kill) && impossible[c.Kill] == ""
	}
	var m *chaos.Matrix
	if o.random > 0 {
		m = &chaos.Matrix{}
		m.Any(o.random, o.seed, known, wanted)
	} else {
		m = chaos.NewMatrix(known, wanted)
		m.Sample(o.sample, o.seed)
	}
	var table chaos.Table
	note := table.Add
	if o.record != "" {
		record, before, openErr := chaos.OpenRecord(o.record)
		if openErr != nil {
			return openErr
		}
		defer func() { err = errors.Join(err, record.Close()) }()
		for _, out := range before {
			table.Add(out)
		}
		m.Without(before)
		note = func(out chaos.Outcome) {
			table.Add(out)
			if err := record.Add(out); err != nil {
				fmt.Fprintln(os.Stderr, "chaos:", err)
			}
		}
	}
	all := m.Len()
	fmt.Printf("%d cases, %d at a time\n", all, o.worlds)
	if o.limit > 0 {
		defer time.AfterFunc(o.limit, m.Close).Stop()
	}
	var group errgroup.Group
	for _, w := range worlds {
		group.Go(func() error {
			return w.Live(ctx, m, func(out chaos.Outcome) {
				note(out)
				say(out)
			})
		})
	}
	err = group.Wait()
	fmt.Println()
	table.Print(os.Stdout)
	fmt.Printf("%.0f s; %d of %d cases were not begun\n", time.Since(began).Seconds(), m.Len(), all)
	failed := table.Failed()
	for _, out := range failed {
		fmt.Println(out.Line())
	}
	if len(failed) > 0 {
		err = errors.Join(err, fmt.Errorf("%d cases failed", len(failed)))
	}
	return err
}
