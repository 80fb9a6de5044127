package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"drover/agent/api"
	"drover/fault"
)

// Commands are the subcommands.
func Commands() []*cobra.Command {
	return []*cobra.Command{renderCommand(), checkConfigCommand()}
}

// printWarning prints one failed resource: "conf.d/x.toml: render: ...", and the end of a command's output below it.
func printWarning(to io.Writer, w api.Warning) {
	if w.Resource != "" && w.Resource != "conf.d" {
		fmt.Fprintf(to, "conf.d/%s: ", w.Resource)
	}
	fmt.Fprintf(to, "%s: %s\n", w.What, w.Message)
	if w.Output != "" {
		fmt.Fprintf(to, "    %s\n", strings.ReplaceAll(w.Output, "\n", "\n    "))
	}
}

// existingFolder refuses a folder that is not there: it would look like a configuration without resources.
func existingFolder(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "cannot read the configuration folder")
	}
	if !info.IsDir() {
		return fault.New(fault.Invalid, "%s is not a folder", path)
	}
	return nil
}

// counted is "1 file", "2 files".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
