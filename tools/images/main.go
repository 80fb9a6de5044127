package main

import (
	"bytes"
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

	"github.com/moby/moby/client"

	"drover/tests/stack/engine"
	"drover/tests/stack/tree"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	onlyDebian := flag.Bool("only-debian", false, "install the Debian that images are made on, and make none")
	flag.Parse()
	if err := run(ctx, *onlyDebian); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, onlyDebian bool) error {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	if onlyDebian {
		_, err := debian(ctx, root)
		return err
	}
	c, err := client.New(client.FromEnv)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Ping(ctx, client.PingOptions{}); err != nil {
		return fmt.Errorf("no Docker engine answers at %s: %w; tools/images/engine.sh starts one", c.DaemonHost(), err)
	}
	all, err := images(ctx, root)
	if err != nil {
		return err
	}
	for _, i := range all {
		began := time.Now()
		if err := engine.Make(ctx, c, i); err != nil {
			return err
		}
		fmt.Printf("%5.1f s  %s\n", time.Since(began).Seconds(), i.Name)
	}
	return nil
}

// images are those that Drover's own are made from, and that it runs beside.
func images(ctx context.Context, root string) ([]engine.Image, error) {
	base, err := debian(ctx, root)
	if err != nil {
		return nil, err
	}
	goroot, err := output(exec.CommandContext(ctx, "go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	all := []engine.Image{
		{Name: "debian:bookworm-slim", Base: base, Changes: []string{`CMD ["bash"]`}},
		{
			Name: "golang:1.26-bookworm", Base: base, Folders: map[string]string{"/usr/local/go": goroot},
			// Proxies may have an authority that only this machine knows.
			Files:   existing("/etc/ssl/certs/ca-certificates.crt"),
			Changes: []string{"ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "ENV GOTOOLCHAIN=local", "WORKDIR /go"},
		},
	}
	for _, p := range []struct {
		image    string
		programs []string // of tools/ensure
		changes  []string
	}{
		{"temporalio/temporal:1.5.1", []string{"temporal"}, []string{"USER 1000", `ENTRYPOINT ["/usr/local/bin/temporal"]`}},
		{"hashicorp/consul:1.22.0", []string{"consul"}, []string{`ENTRYPOINT ["/usr/local/bin/consul"]`, `CMD ["agent", "-dev", "-client", "0.0.0.0"]`}},
		{"quay.io/coreos/etcd:v3.5.35", []string{"etcd35", "etcdctl35", "etcdutl35"}, []string{`CMD ["/usr/local/bin/etcd"]`}},
		{"quay.io/coreos/etcd:v3.6.16", []string{"etcd36", "etcdctl36", "etcdutl36"}, []string{`CMD ["/usr/local/bin/etcd"]`}},
	} {
		i := engine.Image{Name: p.image, Empty: true, Files: map[string]string{}, Changes: append(p.changes, "ENV PATH=/usr/local/bin")}
		for _, name := range p.programs {
			program := exec.CommandContext(ctx, filepath.Join(root, "tools", "ensure"), name)
			program.Stderr = os.Stderr
			path, err := output(program)
			if err != nil {
				return nil, err
			}
			i.Files["/usr/local/bin/"+filepath.Base(path)] = path
		}
		all = append(all, i)
	}
	return all, nil
}

// output is what a program says in one line.
func output(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return strings.TrimSpace(out.String()), nil
}

// existing gives files the same place in an image, where this machine has them.
func existing(names ...string) map[string]string {
	have := map[string]string{}
	for _, name := range names {
		if _, err := os.Stat(name); err == nil {
			have[name] = name
		}
	}
	return have
}
