package histories

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/goleak"

	"drover/tests/stack"
	"drover/workflows/api"
)

var (
	record     = flag.Bool("record", false, "write the histories of TestRecord into testdata")
	sequential = flag.Int("sequential", 100, "how many nodes TestSequential takes one after the other")
)

// temporalClient is connected to the one server of the package; nil with -short.
var temporalClient client.Client

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := withServer(m.Run)
	if code == 0 && err == nil {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "histories:", err)
		code = 1
	}
	os.Exit(code)
}

// withServer runs a development server beside the tests that need one.
func withServer(run func() int) (code int, err error) {
	if testing.Short() && !*record {
		return run(), nil
	}
	root, err := stack.FindRoot()
	if err != nil {
		return 1, err
	}
	path, err := exec.Command(filepath.Join(root, "tools", "ensure"), "temporal").Output()
	if err != nil {
		return 1, fmt.Errorf("tools/ensure temporal: %w", err)
	}
	dir, err := os.MkdirTemp("", "drover-histories-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, err := testsuite.StartDevServer(context.Background(), testsuite.DevServerOptions{
		ExistingPath: strings.TrimSpace(string(path)),
		ClientOptions: &client.Options{
			Identity: "recorder", // the default names this machine
			Logger:   tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		},
		DBFilename: filepath.Join(dir, "temporal.db"), LogLevel: "error",
		// The same settings as in devstack: the defaults hide the cost of activities behind poll limits.
		ExtraArgs: []string{
			"--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2",
			"--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000",
			"--dynamic-config-value", "history.timerProcessorMaxPollRPS=1000",
			"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
			"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
		},
		SearchAttributes: temporal.NewSearchAttributes(
			attrClusterID.ValueSet(""), attrOperation.ValueSet(""), attrOperationState.ValueSet(""),
		),
		Stdout: io.Discard, Stderr: os.Stderr,
	})
	if err != nil {
		return 1, err
	}
	temporalClient = server.Client()
	stop := sync.OnceValue(server.Stop)
	// A test binary that runs out of time dies without ending its children: they have to go first.
	if limit, ok := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); ok && limit > 0 {
		early := time.AfterFunc(limit-min(limit/10, 10*time.Second), func() { _ = stop() })
		defer early.Stop()
	}
	defer func() {
		temporalClient.Close()
		err = errors.Join(err, stop())
	}()
	return run(), nil
}

var (
	attrClusterID      = temporal.NewSearchAttributeKeyKeyword(api.AttrClusterID)
	attrOperation      = temporal.NewSearchAttributeKeyKeyword(api.AttrOperation)
	attrOperationState = temporal.NewSearchAttributeKeyKeyword(api.AttrOperationState)
)

// needsServer skips a test that cannot do without.
func needsServer(t *testing.T) {
	t.Helper()
	if temporalClient == nil {
		t.Skip("skipped with -short: it needs a Temporal server")
	}
}
