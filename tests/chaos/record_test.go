package chaos

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// An interrupted matrix resumes: passed cases are not repeated, the others are.
func TestARecordGoesOnWhereItWasLeft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record")
	r, before, err := OpenRecord(path)
	require.NoError(t, err)
	require.Empty(t, before)
	good := Outcome{
		Case:     Case{api.AddNodes, "worker", Moment{Activity: "4-RunStage", Phase: Command, Summary: "start, order 0 on 1 nodes"}},
		Commands: 4, GoesOn: 12 * time.Second, Took: 20 * time.Second, Answered: api.ResolveRetry,
	}
	bad := Outcome{Case: Case{api.AddNodes, "consul", Moment{Activity: "4-RunStage", Phase: Before}}, Twice: 1, Err: errors.New("ran 2 times")}
	require.NoError(t, r.Add(good))
	require.NoError(t, r.Add(bad))
	require.NoError(t, r.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, `{"Operation":"AddN`...), 0o600), "its writer died in the middle")

	r, before, err = OpenRecord(path)
	require.NoError(t, err)
	require.Equal(t, []Outcome{good, bad}, before)
	m := &Matrix{cases: []Case{good.Case, bad.Case, {api.AddNodes, "worker", Moment{Activity: "4-RunStage", Phase: After}}}}
	m.Without(before)
	require.Equal(t, []Case{bad.Case, {api.AddNodes, "worker", Moment{Activity: "4-RunStage", Phase: After}}}, m.cases)
	require.NoError(t, r.Add(good), "it is appended to the last whole line")
	require.NoError(t, r.Close())
	r, before, err = OpenRecord(path)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Len(t, before, 3)
}

func TestARecordThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record")
	require.NoError(t, os.WriteFile(path, []byte("{}\nhello\n"), 0o600))
	_, _, err := OpenRecord(path)
	require.ErrorContains(t, err, "line 2")
}
