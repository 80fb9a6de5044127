package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/fault"
)

// renderFlags are the flags of render.
type renderFlags struct {
	once       bool
	confDir    string
	keys       string
	root       string
	noop       bool
	noCommands bool
}

func renderCommand() *cobra.Command {
	var f renderFlags
	cmd := &cobra.Command{
		Use:   "render --once --kv FILE.json",
		Short: "Render all resources once from a file of keys, without Consul",
		Long: `Render all resources of a configuration folder once, from the keys in a JSON file, without Consul and without a
cluster. Files that differ are checked (check_cmd), replaced, and their services reloaded (reload_cmd), just as the agent
does it for a revision. Every resource that fails is named on stderr, and the exit code is 1.

The keys are one flat JSON object as templates see them, {"/host/ip": "10.0.0.2", ...}, or nested objects as
"curl -H 'Accept: application/json' metadata/self" prints them on a node.`,
		Example: `  drover-agent render --once --confdir ./confd --kv keys.json --root ./out --no-commands
  drover-agent render --once --kv keys.json --noop`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return render(cmd, f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.once, "once", true, "render once and end; the only way this command works")
	flags.StringVar(&f.confDir, "confdir", api.ConfDir, "`folder` with conf.d and templates")
	flags.StringVar(&f.keys, "kv", "", "JSON `file` with the keys; - reads stdin")
	flags.StringVar(&f.root, "root", "", "`folder` to put before every destination")
	flags.BoolVar(&f.noop, "noop", false, "show what would change as a diff; write and run nothing")
	flags.BoolVar(&f.noCommands, "no-commands", false, "write files, but run no check_cmd and no reload_cmd")
	_ = cmd.MarkFlagRequired("kv")
	return cmd
}

func render(cmd *cobra.Command, f renderFlags) error {
	if !f.once {
		return fault.New(fault.Invalid, "render works only with --once").WithHint("a running agent renders every revision by itself")
	}
	if err := existingFolder(f.confDir); err != nil {
		return err
	}
	kv, err := readKeys(cmd.InOrStdin(), f.keys)
	if err != nil {
		return err
	}
	if f.root != "" {
		if f.root, err = filepath.Abs(f.root); err != nil {
			return fault.Wrap(err, fault.Internal, "cannot resolve --root")
		}
	}
	// Commands and check_cmd's file name work from "/", so a relative folder must not reach them.
	if f.confDir, err = filepath.Abs(f.confDir); err != nil {
		return fault.Wrap(err, fault.Internal, "cannot resolve --confdir")
	}
	engine := confd.New(confd.Options{ConfDir: f.confDir, Root: f.root, NoCommands: f.noCommands, Logger: slog.New(slog.DiscardHandler)})
	var result confd.Result
	if f.noop {
		var diff string
		diff, result, err = engine.Noop(cmd.Context(), kv)
		fmt.Fprint(cmd.OutOrStdout(), diff)
	} else {
		result, err = engine.Apply(cmd.Context(), 0, kv)
	}
	if err != nil {
		return err
	}
	return report(cmd, engine, f, result)
}

func readKeys(stdin io.Reader, path string) (map[string]string, error) {
	if path == "-" {
		return confd.ReadKeys(stdin)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "cannot read the keys")
	}
	defer file.Close()
	kv, err := confd.ReadKeys(file)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%s", path)
	}
	return kv, nil
}

// report prints what was done on stdout and what failed on stderr.
func report(cmd *cobra.Command, engine *confd.Engine, f renderFlags, result confd.Result) error {
	for _, w := range result.Warnings {
		printWarning(cmd.ErrOrStderr(), w)
	}
	out := cmd.OutOrStdout()
	if !f.noop {
		for _, line := range result.Reloaded {
			fmt.Fprintf(out, "ran reload_cmd: %s\n", line)
		}
		resources := engine.Resources()
		if len(resources) == 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "no resources in %s\n", filepath.Join(f.confDir, "conf.d"))
		}
		fmt.Fprintf(out, "%s, %s changed\n", counted(len(resources), "resource"), counted(result.Changed, "file"))
	}
	if n := len(result.Warnings); n > 0 {
		return fault.New(fault.ConfigFailed, "%s not applied; see above", counted(n, "resource"))
	}
	return nil
}
