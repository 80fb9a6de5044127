package apps

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
	"drover/tests/stack"
	"drover/tests/stack/engine"
)

// Lab is the servers, the worker and the programs; all tests of one package share it.
type Lab struct {
	stack    *stack.Stack
	machines providers.Provider
	// engine runs the nodes of a lab on containers; gateway is the machine's address among them.
	engine  *engine.Engine
	gateway string
	// unable says why no nodes can run here.
	unable error
}

var (
	shared   = sync.OnceValues(start)
	onDocker = sync.OnceValues(startDocker)
)

// Start gives the lab; the first call starts it. TestMain has to be stack.Main, which ends it.
func Start(t *testing.T) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("runs real clusters on real nodes: not with -short")
	}
	l, err := shared()
	require.NoError(t, err)
	if l.unable != nil {
		t.Skipf("nodes of provider local cannot run here: %v", l.unable)
	}
	return l
}

func start() (*Lab, error) {
	ctx := context.Background()
	s, err := stack.ForTests(ctx, "stack", stack.Options{})
	if err != nil {
		return nil, err
	}
	machines, err := s.Machines()
	if err != nil {
		return &Lab{unable: err}, nil
	}
	return &Lab{stack: s, machines: machines}, s.StartWorker(ctx)
}

// StartOther starts servers and a worker of another make than those of Start.
func StartOther(name string, o stack.Options) (*Lab, error) {
	ctx := context.Background()
	s, err := stack.ForTests(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return &Lab{stack: s}, s.StartWorker(ctx)
}
