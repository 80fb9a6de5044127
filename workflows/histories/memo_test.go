package histories

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"drover/workflows/api"
)

// What an operator skipped is in the memo, which is readable however the operation ends.
func TestASkipIsInTheMemo(t *testing.T) {
	t.Parallel()
	all := scenarios()
	at := slices.IndexFunc(all, func(s scenario) bool { return s.name() == "RestartCluster-held-skipped" })
	require.GreaterOrEqual(t, at, 0)
	var skipped []string
	for _, e := range load(t, all[at]).Events {
		if memo := e.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo(); memo != nil {
			require.NoError(t, converter.GetDefaultDataConverter().FromPayload(memo.Fields[api.MemoSkipped], &skipped))
		}
	}
	require.Len(t, skipped, 1)
	require.Regexp(t, `^RS\d .* skipped by .*: `, skipped[0])
}
