package chaos

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/tests/stack/tree"
)

// everyWay makes every activity fail in every way, and not only in its hardest one.
var everyWay = flag.Bool("chaos-every-way", false, "make every activity fail in every way")

// hardest is the way to fail that leaves most to undo: after the effect, and for commands by their exit code.
func hardest(activity string) Failing {
	if activity == activities.RunStage {
		return CommandsFail
	}
	return FailsAfter
}

func inEveryCase(way Failing) func(string) Failing { return func(string) Failing { return way } }

// After a failure of any step of any operation on real nodes, the machines, volumes, sizes, the control record, all keys
// that nodes can read and the files that they rendered are the same as before, except for the differences in
// docs/lifecycle.md.
func TestUndoneEqualsBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it runs Temporal, Consul and nodes")
	}
	if notHere != "" {
		t.Skip("not possible here: " + notHere)
	}
	root, err := tree.Root()
	require.NoError(t, err)
	w, err := Start(t.Context(), Options{
		Root: root, Bin: *programs, Dir: filepath.Join(t.TempDir(), "world"), Range: "127.98.0.0/16", Log: os.Stderr,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })

	ways := []func(string) Failing{hardest}
	if *everyWay {
		ways = []func(string) Failing{inEveryCase(FailsBefore), inEveryCase(FailsAfter), inEveryCase(CommandsFail), inEveryCase(Cancelled)}
	}
	began := time.Now()
	var mu sync.Mutex
	failures := map[string][]Failure{}
	t.Run("operations", func(t *testing.T) { // ends when all of them have ended
		for _, a := range Attempts {
			if a.More && !*everyWay {
				continue
			}
			t.Run(a.Name, func(t *testing.T) {
				t.Parallel()
				for _, way := range ways {
					require.NoError(t, w.Fail(t.Context(), a, way, func(f Failure) {
						mu.Lock()
						defer mu.Unlock()
						failures[a.Name] = append(failures[a.Name], f)
						if f.Err != nil {
							t.Errorf("%s:\n%v", f, f.Err)
						}
					}))
				}
				require.NotEmpty(t, failures[a.Name])
			})
		}
	})
	left, err := w.machines.Leftovers(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
	t.Logf("%.0f s\n%s", time.Since(began).Seconds(), summary(failures))
}

// summary has a line per operation.
func summary(failures map[string][]Failure) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "operation\tfailures\trestored all\tcompleted\tpermitted differences\taspects, and the quotation from docs/lifecycle.md")
	for _, a := range Attempts {
		if len(failures[a.Name]) == 0 {
			continue
		}
		var equal, passed, stayed int
		var what, says []string
		for _, f := range failures[a.Name] {
			switch {
			case f.Passed:
				passed++
			case len(f.Stayed) == 0 && f.Err == nil:
				equal++
			case f.Err == nil:
				stayed++
			}
			what, says = append(what, f.Stayed...), append(says, f.Says...)
		}
		slices.Sort(what)
		slices.Sort(says)
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s: %q\n", a.Name, len(failures[a.Name]), equal, passed, stayed,
			strings.Join(slices.Compact(what), ", "), slices.Compact(says))
	}
	_ = table.Flush()
	return text.String()
}

// The permitted differences are quotations from the documentation.
func TestWhatStaysIsDocumented(t *testing.T) {
	t.Parallel()
	root, err := tree.Root()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(root, "docs", "lifecycle.md"))
	require.NoError(t, err)
	for _, a := range Attempts {
		for _, s := range a.stays {
			require.Contains(t, string(text), s.Says, a.Name)
		}
	}
}
