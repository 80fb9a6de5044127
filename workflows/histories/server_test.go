package histories

import (
	"context"
	"flag"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/goleak"

	"drover/tests/stack"
	"drover/workflows/api"
)

var (
	record     = flag.Bool("record", false, "write the histories of TestRecord into testdata")
	sequential = flag.Int("sequential", 100, "how many nodes TestSequential takes one after the other")
)

var (
	attrClusterID      = temporal.NewSearchAttributeKeyKeyword(api.AttrClusterID)
	attrOperation      = temporal.NewSearchAttributeKeyKeyword(api.AttrOperation)
	attrOperationState = temporal.NewSearchAttributeKeyKeyword(api.AttrOperationState)
)

// temporalClient is connected to the one server of the package, once a test called needsServer.
var temporalClient client.Client

func TestMain(m *testing.M) {
	stack.AtEnd(func() error { return goleak.Find() }) // comes last
	stack.Main(m, nil)
}

var startServer = sync.OnceValue(func() error {
	ctx := context.Background()
	s, err := stack.ForTests(ctx, "stack", stack.Options{TemporalOnly: true})
	if err != nil {
		return err
	}
	temporalClient, err = client.DialContext(ctx, client.Options{
		HostPort: s.TemporalAddress,
		Identity: "recorder", // the default names this machine
		Logger:   tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err == nil {
		stack.AtEnd(func() error { temporalClient.Close(); return nil })
	}
	return err
})

// needsServer starts the server for the first test that cannot do without.
func needsServer(t *testing.T) {
	t.Helper()
	if testing.Short() && !*record {
		t.Skip("needs a Temporal server: not with -short")
	}
	require.NoError(t, startServer())
}
