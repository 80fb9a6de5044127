package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/fault"
	"drover/workflows/api"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	failed := func(state string, began bool, f fault.Type) error {
		return fmt.Errorf("outer: %w", &client.Failed{State: state, Began: began, Fault: fault.New(f, "x")})
	}
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"nothing":                          {nil, 0},
		"lint errors":                      {quiet{1}, 1},
		"a command line":                   {usageError{errors.New("x")}, 2},
		"input":                            {fault.New(fault.Invalid, "x"), 2},
		"another operation":                {fault.New(fault.Conflict, "x"), 3},
		"no such cluster":                  {fault.New(fault.NotFound, "x"), 3},
		"not allowed":                      {fault.New(fault.NotAllowed, "x"), 3},
		"no Temporal":                      {fault.New(fault.Unreachable, "x"), 4},
		"credentials":                      {fault.New(fault.Unauthorized, "x"), 4},
		"a defect":                         {fault.New(fault.Internal, "x"), 1},
		"something else":                   {errors.New("x"), 1},
		"Ctrl-C":                           {detached{}, 130},
		"Ctrl-C while asking":              {fmt.Errorf("x: %w", context.Canceled), 130},
		"operation: refused input":         {failed("failed", false, fault.Invalid), 2},
		"operation: no such cluster":       {failed("failed", false, fault.NotFound), 3},
		"operation: refused":               {failed("failed", false, fault.NotAllowed), 3},
		"operation: image missing midway":  {failed("failed", true, fault.NotFound), 1},
		"operation: a node is unreachable": {failed("failed", false, fault.Unreachable), 1},
		"operation: a command failed":      {failed("failed", true, fault.CommandFailed), 1},
		"operation: cancelled":             {failed("cancelled", false, fault.Conflict), 1},
		"operation: terminated":            {failed("terminated", false, fault.Conflict), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, exitCode(tt.err))
		})
	}
}

func TestRandomClusterIDsAreValidAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := randomClusterID()
		require.NoError(t, clusterArg(id))
		require.False(t, seen[id])
		seen[id] = true
	}
}

func TestQuoteMakesOneShellWord(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain-1.2/x": "plain-1.2/x",
		"":            "''",
		"two words":   "'two words'",
		"it's $HOME":  `'it'\''s $HOME'`,
	} {
		require.Equal(t, want, api.ShellWord(in))
	}
}
