package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The page of a run is linked where DROVER_UI says where the Temporal UI is, and nowhere else.
func TestRunsAreLinkedToTheTemporalUI(t *testing.T) {
	t.Parallel()
	a := &app{env: environment{"DROVER_UI=https://temporal.example/", "TEMPORAL_NAMESPACE=ops", "TEMPORAL_CONFIG_FILE=/dev/null"}}
	a.target.Env = a.env
	require.Equal(t, "https://temporal.example/namespaces/ops/workflows/cluster%2Fcl-a1b2c3d4/run-1/history", a.runLink("cl-a1b2c3d4", "run-1"))
	require.Empty(t, a.runLink("cl-a1b2c3d4", ""), "an operation that was not found has no page")
	a.env = nil
	require.Empty(t, a.runLink("cl-a1b2c3d4", "run-1"))
}
