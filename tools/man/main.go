// Command man writes the man pages and the shell completion of drover, from its own commands, into a folder with the layout
// of /usr/share. The pages of drover-worker and drover-console are their --help.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"drover/starter/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: man FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	man := filepath.Join(folder, "man")
	for _, section := range []string{"man1", "man8"} {
		if err := os.MkdirAll(filepath.Join(man, section), 0o755); err != nil {
			return err
		}
	}
	root := cli.Command()
	undated(root)
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Manual: "Drover", Source: "Drover"}, filepath.Join(man, "man1")); err != nil {
		return err
	}
	if err := completion(root, folder); err != nil {
		return err
	}
	for _, p := range []struct{ name, source, does string }{
		{"drover-worker", "./worker", "serve Drover's workflows and activities"},
		{"drover-console", "./console", "serve Drover's web pages and HTTP API"},
	} {
		var help bytes.Buffer
		command := exec.Command("go", "run", p.source, "--help")
		command.Stdout, command.Stderr = &help, &help
		if err := command.Run(); err != nil {
			return fmt.Errorf("%s --help: %w\n%s", p.name, err, help.String())
		}
		if err := os.WriteFile(filepath.Join(man, "man8", p.name+".8"), page(p.name, p.does, help.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// undated leaves out the date of the day, which would make every run differ.
func undated(c *cobra.Command) {
	c.DisableAutoGenTag = true
	for _, child := range c.Commands() {
		undated(child)
	}
}

func completion(root *cobra.Command, folder string) error {
	var all error
	for name, generate := range map[string]func(string) error{
		"bash-completion/completions/drover":    func(file string) error { return root.GenBashCompletionFileV2(file, true) },
		"zsh/vendor-completions/_drover":        root.GenZshCompletionFile,
		"fish/vendor_completions.d/drover.fish": func(file string) error { return root.GenFishCompletionFile(file, true) },
	} {
		file := filepath.Join(folder, name)
		all = errors.Join(all, os.MkdirAll(filepath.Dir(file), 0o755), generate(file))
	}
	return all
}

// page shows a help text as it is.
func page(name, short, help string) []byte {
	help = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(help)
	lines := strings.Split(strings.TrimSpace(help), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return []byte(".TH " + strings.ToUpper(name) + " 8 \"\" Drover Drover\n.SH NAME\n" + strings.ReplaceAll(name, "-", `\-`) + ` \- ` + short +
		"\n.SH DESCRIPTION\n.nf\n" + strings.Join(lines, "\n") + "\n.fi\n")
}
