package telemetry

import (
	"context"
	"io"
	"log/slog"

	tlog "go.temporal.io/sdk/log"

	"drover/fault"
)

// Formats of a log.
const (
	Text = "text"
	JSON = "json"
)

// NewLogger writes lines of the format to w.
func NewLogger(w io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: words}
	switch format {
	case Text:
		return slog.New(slog.NewTextHandler(w, options)), nil
	case JSON:
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fault.New(fault.Invalid, "log format %q: use %s or %s", format, Text, JSON)
}

// words writes durations as people do, in both formats.
func words(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// SDK is the logger of Temporal's SDK. What Drover's workflows say passes as it is. What the SDK itself says is of use to
// those who debug it alone, and goes to DEBUG, except what no other line reports: panics, and a worker that cannot work.
func SDK(logger *slog.Logger) tlog.Logger { return sdk{logger} }

type sdk struct{ to *slog.Logger }

// ours reports a line of Drover's: they name an operation.
func ours(keyvals []any) bool {
	for i := 0; i+1 < len(keyvals); i += 2 {
		if keyvals[i] == "operation" {
			return true
		}
	}
	return false
}

func (s sdk) log(level slog.Level, msg string, keyvals []any) {
	if !ours(keyvals) {
		if level < slog.LevelError || attempts[msg] {
			level = slog.LevelDebug
		}
	}
	s.to.Log(context.Background(), level, msg, keyvals...)
}

// attempts are errors of the SDK that Attempts reports better.
var attempts = map[string]bool{"Activity error.": true}

func (s sdk) Debug(msg string, keyvals ...any) { s.log(slog.LevelDebug, msg, keyvals) }
func (s sdk) Info(msg string, keyvals ...any)  { s.log(slog.LevelInfo, msg, keyvals) }
func (s sdk) Warn(msg string, keyvals ...any)  { s.log(slog.LevelWarn, msg, keyvals) }
func (s sdk) Error(msg string, keyvals ...any) { s.log(slog.LevelError, msg, keyvals) }

// With is part of log.WithLogger. The SDK's tags are those of every line of a workflow; Drover's lines name the cluster.
func (s sdk) With(keyvals ...any) tlog.Logger { return tagged{s, keyvals} }

type tagged struct {
	sdk
	tags []any
}

func (t tagged) all(keyvals []any) []any {
	if ours(keyvals) {
		return keyvals
	}
	return append(append([]any{}, t.tags...), keyvals...)
}

func (t tagged) Debug(msg string, keyvals ...any) { t.sdk.Debug(msg, t.all(keyvals)...) }
func (t tagged) Info(msg string, keyvals ...any)  { t.sdk.Info(msg, t.all(keyvals)...) }
func (t tagged) Warn(msg string, keyvals ...any)  { t.sdk.Warn(msg, t.all(keyvals)...) }
func (t tagged) Error(msg string, keyvals ...any) { t.sdk.Error(msg, t.all(keyvals)...) }
func (t tagged) With(keyvals ...any) tlog.Logger {
	return tagged{t.sdk, append(append([]any{}, t.tags...), keyvals...)}
}
