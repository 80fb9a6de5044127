package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	r := release{}
	only := flag.String("arch", strings.Join(architectures, ","), "architectures")
	flag.StringVar(&r.version, "version", "", "version, for example v1.2.3 (default: git describe)")
	flag.StringVar(&r.root, "root", "..", "source tree")
	flag.StringVar(&r.out, "out", "../dist", "folder for the files; its earlier content is deleted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := r.make(ctx, strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one run.
type release struct {
	root, out, version string
	time               time.Time // of the commit: of every file in the archives
	work               string
}

func (r *release) make(ctx context.Context, architectures []string) (err error) {
	for _, folder := range []*string{&r.root, &r.out} {
		if *folder, err = filepath.Abs(*folder); err != nil {
			return err
		}
	}
	if err := r.describe(ctx); err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp("", "drover-release-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	if err := r.documents(ctx); err != nil {
		return err
	}
	for _, arch := range architectures {
		if err := r.build(ctx, arch); err != nil {
			return err
		}
		files, err := r.files(arch)
		if err != nil {
			return err
		}
		if err := r.tar(arch, files); err != nil {
			return err
		}
		if err := r.deb(arch, files); err != nil {
			return err
		}
		if err := r.modules(arch); err != nil {
			return err
		}
	}
	return r.sums()
}

// describe asks git for the version and the time of the commit.
func (r *release) describe(ctx context.Context) error {
	if r.version == "" {
		described, err := r.output(ctx, nil, "git", "describe", "--tags", "--always", "--dirty")
		if err != nil {
			return err
		}
		r.version = described
	}
	committed, err := r.output(ctx, nil, "git", "show", "-s", "--format=%cI", "HEAD")
	if err != nil {
		return err
	}
	r.time, err = time.Parse(time.RFC3339, committed)
	return err
}

// documents makes man pages and completion.
func (r *release) documents(ctx context.Context) error {
	_, err := r.output(ctx, nil, "go", "run", "./tools/man", filepath.Join(r.work, "documents"))
	return err
}

// build compiles the programs for one architecture.
func (r *release) build(ctx context.Context, arch string) error {
	for _, p := range programs {
		fmt.Printf("%s %s linux/%s\n", p.name, r.version, arch)
		_, err := r.output(ctx, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch}, "go", "build", "-trimpath", "-buildvcs=false",
			"-ldflags", "-s -w -X main.version="+r.version, "-o", r.built(arch, p.name), p.source)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *release) built(arch, name string) string { return filepath.Join(r.work, arch, name) }

// output runs a program in the source tree.
func (r *release) output(ctx context.Context, environment []string, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir, command.Env = r.root, append(os.Environ(), environment...)
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}
