package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/specs"
	"drover/starter/output"
)

// linted is what `drover lint -o json` prints.
type linted struct {
	List[specs.Diagnostic]
	Package  string `json:"package"`
	Errors   int    `json:"errors"`
	Warnings int    `json:"warnings"`
}

func (a *app) lint() *cobra.Command {
	var images imageFolders
	c := &cobra.Command{
		Use:   "lint PACKAGE",
		Short: "Check an application package",
		Long: `Check an application package (a folder, or a tar, tar.gz, tar.bz2 or zip archive).

Errors are findings that would prevent a run, and unknown keys: keys of your own begin with x-.
Warnings are suspicious findings with the reason, and keys of AppCenter that have no effect here.
Exit code 1 when there are errors.

With --images or --confdir the resources and templates of the nodes are checked too: with
--images those below etc/confd of each image that a role names.

A package has no version of its own: drover apps publish gives it one, and says which version a
create takes that names none.`,
		Example: `  drover lint ./etcd
  drover lint ./etcd/package --images ./etcd/images
  drover lint ./etcd/package --confdir ./etcd/node/etc/confd
  drover lint etcd.tar.gz -o json`,
		Args: exactly("PACKAGE"),
		RunE: a.run(func(ctx context.Context, args []string) (output.Output, error) {
			p, err := openPackage(args[0])
			if err != nil {
				return output.Output{}, err
			}
			found := specs.Lint(ctx, p)
			more, err := images.check(ctx, p)
			if err != nil {
				return output.Output{}, err
			}
			found = append(found, more...)
			out := lintOutput(args[0], found)
			if found.HasErrors() {
				return out, quiet{exitFailed}
			}
			return out, nil
		}),
	}
	images.bind(c.Flags())
	return c
}

func lintOutput(path string, found specs.Diagnostics) output.Output {
	value := linted{
		List:     listOf(found),
		Package:  path,
		Errors:   len(found.Errors()),
		Warnings: len(found.Warnings()),
	}
	return output.Output{Value: value, Blocks: []output.Block{append(diagnosticLines(found),
		fmt.Sprintf("%s: %s, %s", path, count(value.Errors, "error"), count(value.Warnings, "warning")))}}
}

func diagnosticLines(found specs.Diagnostics) output.Lines {
	var lines output.Lines
	for _, d := range found {
		lines = append(lines, fmt.Sprintf("%-7s  %s", d.Severity, d))
	}
	return lines
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// openPackage opens a local package. A path that is not there is a mistake in the input, not a refusal of a server.
func openPackage(path string) (*specs.Package, error) {
	p, err := specs.Open(path)
	if f := fault.As(err); f != nil && f.Type == fault.NotFound {
		f.Type = fault.Invalid
	}
	return p, err
}
