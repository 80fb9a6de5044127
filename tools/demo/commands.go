package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"
)

var errInterrupted = errors.New("interrupted")

var bold, plain = func() (string, string) {
	if term.IsTerminal(int(os.Stdout.Fd())) {
		return "\x1b[1m", "\x1b[0m"
	}
	return "", ""
}()

// say is a header: what comes next, in plain words.
func say(format string, args ...any) {
	fmt.Printf("\n%s# %s%s\n", bold, fmt.Sprintf(format, args...), plain)
}

// show types a command and runs it before the viewer's eyes; it returns the exit code.
func (d *demo) show(ctx context.Context, path string, args ...string) (int, error) {
	fmt.Printf("%s$ %s%s\n", bold, typed(path, args), plain)
	cmd := d.command(ctx, path, args)
	// A terminal is handed on, and a pipe too: the program itself knows how to show progress on either.
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return exitCode(ctx, cmd)
}

// must is show for a command that has to succeed.
func (d *demo) must(ctx context.Context, path string, args ...string) error {
	code, err := d.show(ctx, path, args...)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s ended with exit code %d", typed(path, args), code)
	}
	return err
}

// ask runs a command silently and reads its JSON.
func (d *demo) ask(ctx context.Context, into any, path string, args ...string) error {
	text, err := d.read(ctx, path, args...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("%s: %w: %s", typed(path, args), err, text)
	}
	return nil
}

// read runs a command silently and gives what it prints.
func (d *demo) read(ctx context.Context, path string, args ...string) (string, error) {
	var out, errs strings.Builder
	cmd := d.command(ctx, path, args)
	cmd.Stdout, cmd.Stderr = &out, &errs
	code, err := exitCode(ctx, cmd)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s ended with exit code %d: %s%s", typed(path, args), code, out.String(), errs.String())
	}
	return out.String(), err
}

func (d *demo) command(ctx context.Context, path string, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = d.stack.Root
	cmd.Env = append(os.Environ(), d.stack.Env()...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) } // as Ctrl-C does
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func exitCode(ctx context.Context, cmd *exec.Cmd) (int, error) {
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, errInterrupted
	case err != nil && !errors.As(err, &exit):
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

// typed is a command line as a person would type it in the source tree.
func typed(path string, args []string) string {
	words := []string{filepath.Base(path)}
	for _, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " '\"$*") {
			arg = "'" + arg + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
