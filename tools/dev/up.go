package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"drover/tests/stack"
)

// up starts the stack, or starts it again on its data: new programs are then in use, and running operations continue.
func (d *dev) up(ctx context.Context) error {
	ended, err := stack.Clear(d.options.Dir)
	if err != nil {
		return err
	}
	if len(ended) > 0 {
		fmt.Println("Starting again:", strings.Join(ended, ", "))
	}
	if err := d.guard(); err != nil {
		return err
	}
	servers, err := stack.Start(ctx, d.options)
	if err != nil {
		return err
	}
	if err := d.furnish(ctx, servers); err != nil {
		return errors.Join(err, servers.Stop())
	}
	fmt.Println()
	d.describe(servers)
	if link, err := servers.ConsoleLink(); err == nil {
		fmt.Printf("\nOpen the console in a browser, once and within 15 minutes, with this link:\n\n  %s\n", link)
	}
	fmt.Printf(`
Type next, in the source tree:

  . .dev/env                                # this shell then finds drover and the servers
  drover create etcd                        # 3 nodes of etcd 3.6
  drover create etcd --version 3.5 --set etcd_node.count=1
  drover list
  drover --help

make dev-down ends it; a second make dev starts it on the same data, with the programs as they are then.
`)
	return nil
}

// tokenFile has the token that may do everything in the stack's Consul.
func (d *dev) tokenFile() string { return filepath.Join(d.options.Dir, "consul-token") }

// guard has Consul refuse what no token allows. The worker gets the token that may do everything, and gives each cluster's
// nodes one that reads their own metadata; the console gets one that reads views.
func (d *dev) guard() (err error) {
	if err := os.MkdirAll(d.options.Dir, 0o700); err != nil {
		return err
	}
	d.options.ConsulToken, err = secretIn(d.tokenFile())
	d.options.WorkerFlags = []string{"--consul-token-file", d.tokenFile()}
	d.options.ConsoleFlags = []string{"--consul-token-file", d.consoleTokenFile()}
	return err
}

// furnish adds what a stack for people has more than one for tests.
func (d *dev) furnish(ctx context.Context, servers *stack.Stack) error {
	if err := servers.StartWorker(ctx); err != nil {
		return err
	}
	if err := d.admit(ctx, servers); err != nil {
		return err
	}
	if err := servers.StartConsole(ctx); err != nil {
		return err
	}
	env, err := d.env(ctx, servers)
	if err == nil {
		err = os.WriteFile(d.envFile(), []byte(env), 0o600)
	}
	if err != nil {
		return err
	}
	for _, version := range []string{"3.5", "3.6"} {
		if err := publish(ctx, servers, version); err != nil {
			return err
		}
	}
	return nil
}

// env are lines for a shell: it finds the servers, Drover's programs, and those of the servers behind all others.
func (d *dev) env(ctx context.Context, servers *stack.Stack) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by make dev. Read it into a shell with: . .dev/env\n")
	for _, line := range servers.Env() {
		name, value, _ := strings.Cut(line, "=")
		fmt.Fprintf(&b, "export %s=%s\n", name, quote(value))
	}
	fmt.Fprintf(&b, "export CONSUL_HTTP_TOKEN_FILE=%s\n", quote(d.tokenFile()))
	bin, tools := quote(servers.Bin), ""
	for _, name := range []string{"temporal", "consul"} {
		path, err := servers.Tool(ctx, name)
		if err != nil {
			return "", err
		}
		tools += ":" + quote(filepath.Dir(path))
	}
	fmt.Fprintf(&b, "case \":$PATH:\" in *:%s:*) ;; *) export PATH=%s:\"$PATH\"%s ;; esac\n", bin, bin, tools)
	return b.String(), nil
}

// quote makes one word of s for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// publish makes a version of etcd available. A version that is published stays as it is: that is not a reason not to start.
func publish(ctx context.Context, servers *stack.Stack, version string) error {
	folder := filepath.Join(servers.Root, ".build", "packages", "etcd-"+version)
	cmd := exec.CommandContext(ctx, servers.Binary("drover"), "apps", "publish", folder, "--app", "etcd", "--version", version)
	cmd.Env = append(os.Environ(), servers.Env()...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		fmt.Println("etcd", version, "is published")
	case errors.As(err, &exit) && exit.ExitCode() == refused:
		fmt.Printf("etcd %s stays as it was published before: %s", version, out)
	default:
		return fmt.Errorf("publish etcd %s: %w: %s", version, err, out)
	}
	return nil
}

// refused is drover's exit code for what is not allowed; nothing was changed.
const refused = 3
