package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"drover/agent/api"
	"drover/agent/daemon"
	"drover/agent/keep"
	"drover/fault"

	"github.com/spf13/cobra"
)

// gcPercent trades a little time in passes for memory: applications need it more than the agent.
const gcPercent = 40

func (a *app) run() *cobra.Command {
	o := daemon.Options{Version: a.Version}
	var log string
	var level slog.LevelVar
	cmd := &cobra.Command{
		Use: "run", Short: "Run the agent in the foreground, until TERM", Args: cobra.NoArgs,
		Long: "Run the agent in the foreground, until TERM. HUP reads conf.d again. Commands continue when the agent ends.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetGCPercent(gcPercent)
			out := a.Stderr
			if log != "" {
				f, err := openLog(log)
				switch {
				case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOSPC):
					fmt.Fprintln(a.Stderr, "drover-agent: logging to standard error:", err) // a node in trouble needs its agent
				case err != nil:
					return err
				default:
					defer f.Close()
					out = f
				}
			}
			hup := make(chan os.Signal, 1)
			signal.Notify(hup, syscall.SIGHUP)
			defer signal.Stop(hup)
			o.Socket, o.HUP = a.socket, hup
			o.Log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: &level}))
			return daemon.Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.ConfigFile, "config", api.ConfigFile, "settings `file`")
	f.StringVar(&o.JournalDir, "journal", api.JournalDir, "`folder` of the command journal")
	f.StringVar(&o.StateDir, "state", api.StateDir, "`folder` for what was applied")
	f.StringVar(&o.ConfDir, "confdir", api.ConfDir, "`folder` with conf.d and templates")
	f.StringVar(&log, "log", "", "log `file`, kept below 10 MiB (default standard error)")
	f.TextVar(&level, "log-level", &level, "least `level` that is logged: debug, info, warn, error")
	return cmd
}

func (a *app) stop() *cobra.Command {
	var n keep.Node
	var limit time.Duration
	cmd := &cobra.Command{
		Use: "stop", Short: "End the agent and keep it from coming back; commands continue", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n.Socket = a.socket
			return n.Stop(cmd.Context(), limit)
		},
	}
	cmd.Flags().DurationVar(&limit, "timeout", 30*time.Second, "how long to wait for its end")
	return cmd
}

func (a *app) keep() *cobra.Command {
	return &cobra.Command{
		Use: keep.KeepCommand + " PIDFILE PROGRAM...", Hidden: true, Args: cobra.MinimumNArgs(2), DisableFlagParsing: true,
		Short: "The parent process that `start` makes where nothing else keeps the agent running",
		RunE:  func(_ *cobra.Command, args []string) error { return keep.Keep(args[0], args[1:]) },
	}
}

// logSegment is the size at which the log becomes FILE.1.
const logSegment = 5 << 20

// logFile is a log that never outgrows two segments. The only writer is slog's handler, one line per call.
type logFile struct {
	*os.File
	size int64
}

func openLog(path string) (*logFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "open the log")
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fault.Wrap(err, fault.Internal, "open the log")
	}
	return &logFile{File: f, size: st.Size()}, nil
}

// Write is called under the handler's lock.
func (l *logFile) Write(b []byte) (int, error) {
	if l.size+int64(len(b)) > logSegment {
		if err := l.rotate(); err != nil {
			fmt.Fprintln(os.Stderr, "drover-agent: log:", err)
		}
	}
	n, err := l.File.Write(b)
	l.size += int64(n)
	return n, err
}

func (l *logFile) rotate() error {
	if err := os.Rename(l.Name(), l.Name()+".1"); err != nil {
		return err
	}
	f, err := os.OpenFile(l.Name(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	l.File.Close()
	l.File, l.size = f, 0
	return nil
}
