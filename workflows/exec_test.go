package workflows_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"drover/activities"
	"drover/activities/agents"
	"drover/fault"
	"drover/workflows/api"
)

func (w *world) exec(words ...string) *run {
	return w.startAs(api.ExecID(clusterID, "1"), api.ExecCommand, api.ExecCommandInput{ClusterID: clusterID, Node: w.node("a", 1).ID, Command: words})
}

// What is refused says so, as an operation does; what was cancelled and did not end its command itself has it ended by another activity.
func TestExecCommandIsRefusedAndCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start"))
	w.create("app")
	require.NoError(t, w.exec("/bin/df", "-h").err)
	require.Equal(t, "exec df a/1", w.commands()[len(w.commands())-1])

	for says, words := range map[string][]string{"command: empty": {}, "begins with a dash": {"-h"}, "word 2 is not text": {"echo", "a\x00b"}} {
		f := w.exec(words...).fault()
		require.Equal(t, fault.Invalid, f.Type)
		require.True(t, f.Refused)
		require.Contains(t, f.Message, says)
	}
	for says, itself := range map[error]bool{temporal.NewCanceledError(agents.CommandsEnded): true, temporal.NewCanceledError(): false} {
		w.inject = &injection{k: 1, how: cancelled, says: says}
		require.True(t, temporal.IsCanceledError(w.exec("true").err))
		require.Equal(t, !itself, slices.Contains(w.inject.seen, activities.EndCommands))
	}
}
