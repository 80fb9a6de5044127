package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"drover/agent/api"
	"drover/fault"
)

// print writes v as JSON, or as text by the function.
func (a *app) print(v any, text func(io.Writer)) error {
	if a.output != "json" {
		text(a.Stdout)
		return nil
	}
	enc := json.NewEncoder(a.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fault.Wrap(err, fault.Internal, "print the answer")
	}
	return nil
}

func (a *app) printStatus(st api.Status) error {
	return a.print(st, func(w io.Writer) {
		line := func(name string, v any) { fmt.Fprintf(w, "%-12s %v\n", name, v) }
		line("version", st.Version)
		line("cluster", st.ClusterID)
		line("node", st.NodeID)
		line("instance", st.InstanceID)
		line("revision", st.Revision)
		consul := "answers"
		if !st.ConsulOK {
			consul = "does not answer"
		}
		line("consul", consul)
		if st.Waiting != "" {
			line("waiting", st.Waiting)
		}
		line("health", st.Health)
		if len(st.Running) > 0 {
			line("running", strings.Join(st.Running, " "))
		}
		if len(st.Monitor) > 0 {
			line("monitor", string(st.Monitor))
		}
		printWarnings(w, st.Warnings)
	})
}

func (a *app) printSync(res api.SyncResult) error {
	return a.print(res, func(w io.Writer) {
		fmt.Fprintf(w, "revision %d, files changed: %d\n", res.Revision, res.Changed)
		printWarnings(w, res.Warnings)
	})
}

func printWarnings(w io.Writer, warnings []api.Warning) {
	for _, x := range warnings {
		fmt.Fprintf(w, "warning: %s: %s: %s\n", x.Resource, x.What, x.Message)
		if x.Output != "" {
			fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(strings.TrimRight(x.Output, "\n"), "\n", "\n    "))
		}
	}
}

// printCommand writes the output of a command, and its state on standard error, so that the output can be piped.
func (a *app) printCommand(st api.CommandStatus) error {
	return a.print(st, func(w io.Writer) {
		if st.Truncated {
			fmt.Fprintf(a.Stderr, "(the last %d bytes; more is in %s/%s)\n", api.OutputTail, api.JournalDir, st.ID)
		}
		io.WriteString(w, st.Output)
		if st.Output != "" && !strings.HasSuffix(st.Output, "\n") {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(a.Stderr, "%s: %s\n", st.ID, describe(st))
	})
}

func describe(st api.CommandStatus) string {
	switch {
	case st.State == api.StateRunning:
		return "running since " + st.StartedAt
	case st.State == api.StateUnknown:
		return "outcome unknown: " + st.Detail
	case st.TimedOut:
		return fmt.Sprintf("timed out, exit code %d", st.ExitCode)
	case st.Canceled:
		return fmt.Sprintf("cancelled, exit code %d", st.ExitCode)
	}
	return fmt.Sprintf("exit code %d", st.ExitCode)
}
