package remote

import (
	"context"
	"testing"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

func TestRunBeginsWhatIsWantedNow(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	asked := 0
	// The answer comes late twice: the node's clock has advanced.
	wanted := func(context.Context) error {
		if asked++; asked < 3 {
			n.clock.Add(1)
			require.Zero(t, n.count("c"))
		}
		return nil
	}
	st, err := n.Run(t.Context(), n.target, "c", api.Command{Cmd: "x", TimeoutSec: 60},
		api.Watch{MayBegin: wanted, Progress: func(api.CommandStatus) { n.end("c", exited3) }})
	require.NoError(t, err)
	require.Equal(t, 3, st.ExitCode)
	require.Equal(t, 3, asked, "it is made sure again before every try")
	require.Equal(t, 1, n.count("c"))
}

func TestRunBeginsNothingThatIsNotWanted(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	_, err := n.Run(t.Context(), n.target, "c", api.Command{Cmd: "x", TimeoutSec: 60}, api.Watch{MayBegin: func(context.Context) error {
		return fault.New(fault.Conflict, "given up")
	}})
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.Zero(t, n.count("c"))
}
