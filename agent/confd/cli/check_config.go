package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/fault"
)

func checkConfigCommand() *cobra.Command {
	var confDir, output string
	cmd := &cobra.Command{
		Use:   "check-config",
		Short: "Check all resource files and templates of a configuration folder",
		Long: `Read every resource file, compile every template it names, and list all problems with file and line. Errors (the
resource would not be applied) give exit code 1; warnings (it works, but hardly as meant) do not. Which keys a template
needs shows only when it is rendered: see "drover-agent render".`,
		Example: `  drover-agent check-config --confdir ./confd
  drover-agent check-config -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return checkConfig(cmd, confDir, output) },
	}
	cmd.Flags().StringVar(&confDir, "confdir", api.ConfDir, "`folder` with conf.d and templates")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "`format` of the problems: text or json")
	return cmd
}

func checkConfig(cmd *cobra.Command, confDir, output string) error {
	if output != "text" && output != "json" {
		return fault.New(fault.Invalid, "unknown output format %q", output).WithHint("use text or json")
	}
	if err := existingFolder(confDir); err != nil {
		return err
	}
	problems, err := confd.New(confd.Options{ConfDir: confDir}).CheckConfig(cmd.Context(), nil)
	if err != nil {
		return err
	}
	errors := 0
	for _, p := range problems {
		if p.Severity == confd.SeverityError {
			errors++
		}
		if output == "text" {
			fmt.Fprintln(cmd.OutOrStdout(), p)
		}
	}
	if output == "json" {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		if err := enc.Encode(problems); err != nil {
			return fault.Wrap(err, fault.Internal, "cannot print the problems")
		}
	}
	if errors > 0 {
		return fault.New(fault.Invalid, "%s in %s", counted(errors, "error"), confDir)
	}
	return nil
}
