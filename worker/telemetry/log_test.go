package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	tlog "go.temporal.io/sdk/log"

	"drover/worker/telemetry"
)

func TestSDKsLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		log  func(tlog.Logger)
		want string // without the time; "": nothing
	}{
		{"an operation's line without the SDK's tags", func(l tlog.Logger) {
			tlog.With(l, "Namespace", "default", "RunID", "1").Info("operation begins", "cluster", "cl-a", "operation", "AddNodes", "took", 1500*time.Millisecond)
		}, `level=INFO msg="operation begins" cluster=cl-a operation=AddNodes took=1.5s`},
		{"info of the SDK", func(l tlog.Logger) { l.Info("Started Worker", "Namespace", "default") }, ""},
		{"warnings of the SDK", func(l tlog.Logger) { l.Warn("Failed to poll for task.") }, ""},
		{"what the interceptor logs", func(l tlog.Logger) { l.Error("Activity error.", "Attempt", 1) }, ""},
		{"a panic", func(l tlog.Logger) { tlog.With(l, "RunID", "1").Error("Workflow panic", "Error", "oh") }, `level=ERROR msg="Workflow panic" RunID=1 Error=oh`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			logger, err := telemetry.NewLogger(&out, telemetry.Text, slog.LevelInfo)
			require.NoError(t, err)
			tt.log(telemetry.SDK(logger))
			if tt.want == "" {
				require.Empty(t, out.String())
				return
			}
			_, line, _ := bytes.Cut(out.Bytes(), []byte(" "))
			require.Equal(t, tt.want+"\n", string(line))
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger, err := telemetry.NewLogger(&out, telemetry.JSON, slog.LevelInfo)
	require.NoError(t, err)
	logger.Info("step ends", "operation", "AddNodes", "took", 2*time.Second)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, "2s", line["took"])
	_, err = telemetry.NewLogger(&out, "xml", slog.LevelInfo)
	require.ErrorContains(t, err, `log format "xml": use text or json`)
}
