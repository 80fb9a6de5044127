package workflows_test

import (
	"flag"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"drover/lifecycle"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

// Whatever operations follow upon each other, allowed or not, and whatever goes wrong in each of them: the cluster is
// what a model says it may be, what is left is sound, and a deletion leaves nothing.
func TestEverySequenceLeavesASoundCluster(t *testing.T) {
	t.Parallel()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" { // the same sequences for everybody; make fuzz tries others
		require.NoError(t, seed.Value.Set("1"))
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorldOn(property{rt, t}, fakeprovider.Options{})
		w.publishStore()
		m := model{w: w, may: []shape{{}}}
		for range rapid.IntRange(4, 12).Draw(rt, "operations") {
			m.operate(rt)
		}
		if w.record() != nil {
			w.start1(api.DeleteCluster, api.DeleteClusterInput{})
		}
		w.nothingLeft()
		w.ranOnce()
	})
}

// property is a run of a property, in the folders of its test.
type property struct {
	*rapid.T
	test *testing.T
}

func (p property) TempDir() string { return p.test.TempDir() }

// shape is what the model knows of a cluster: the zero value is none.
type shape struct {
	state   lifecycle.State
	version string
	masters int // of role a; as many replicas
	quota   string
}

// model holds every shape the cluster may have: what went wrong in the middle may have had its effect or not.
type model struct {
	w     *world
	may   []shape
	limbo bool // the last operation that began said no last word
}

// move is an operation that is tried, and what it makes of a cluster it succeeds on.
type move struct {
	operation string
	input     any
	from      []lifecycle.State // "": no cluster
	to        func(shape) shape
	// ends are the states a cluster may be in when it does not succeed, beside the one it was in.
	ends []lifecycle.State
}

// moves are those that can be tried now: all of them, for what is not allowed is refused.
func (m *model) moves(rt *rapid.T) []move {
	active, stopped, gone := lifecycle.Active, lifecycle.Stopped, lifecycle.State("")
	every := []lifecycle.State{active, stopped, lifecycle.Creating, lifecycle.Failed, lifecycle.UpgradeFailed, lifecycle.Deleting}
	in := func(s lifecycle.State) func(shape) shape {
		return func(c shape) shape { c.state = s; return c }
	}
	same := func(c shape) shape { return c }
	size, quota := rapid.IntRange(1, 4).Draw(rt, "size"), rapid.IntRange(1, 9).Draw(rt, "quota")
	count := rapid.IntRange(1, 2).Draw(rt, "count")
	keep := rapid.SampledFrom([]string{"", api.OnFailureKeep}).Draw(rt, "of a creation")
	rollback := rapid.SampledFrom([]string{"", api.OnFailureRollback}).Draw(rt, "of an upgrade")
	return []move{
		{api.CreateCluster, api.CreateClusterInput{App: "store", Version: "1", OnFailure: keep, Waits: wait(false)}, []lifecycle.State{gone},
			func(shape) shape { return shape{active, "1", 2, "2"} }, []lifecycle.State{lifecycle.Failed, lifecycle.Creating}},
		{api.DeleteCluster, api.DeleteClusterInput{}, every,
			func(shape) shape { return shape{} }, []lifecycle.State{stopped, lifecycle.Deleting}},
		{api.AddNodes, api.AddNodesInput{Role: "a", Count: count, Waits: wait(false)}, []lifecycle.State{active},
			func(c shape) shape { c.masters += count; return c }, nil},
		{api.DeleteNodes, api.DeleteNodesInput{Nodes: m.lastGroup(), Waits: wait(false)}, []lifecycle.State{active},
			func(c shape) shape { c.masters--; return c }, []lifecycle.State{stopped}},
		{api.ScaleVertical, api.ScaleVerticalInput{Role: "a", CPU: size, Memory: 512 * size, Waits: wait(false)}, []lifecycle.State{active},
			same, []lifecycle.State{stopped}},
		{api.UpgradeCluster, api.UpgradeClusterInput{Version: "2", OnFailure: rollback, Waits: wait(false)}, []lifecycle.State{active},
			func(c shape) shape { c.version = "2"; return c }, []lifecycle.State{lifecycle.UpgradeFailed}},
		{api.DowngradeCluster, api.DowngradeClusterInput{Waits: wait(false)}, []lifecycle.State{lifecycle.UpgradeFailed},
			func(c shape) shape { c.state, c.version = active, "1"; return c }, []lifecycle.State{active, lifecycle.UpgradeFailed}},
		{api.StopCluster, api.StopClusterInput{}, []lifecycle.State{active}, in(stopped), []lifecycle.State{stopped}},
		{api.StartCluster, api.StartClusterInput{Waits: wait(false)}, []lifecycle.State{stopped}, in(active), []lifecycle.State{active}},
		{api.RestartCluster, api.RestartClusterInput{}, []lifecycle.State{active}, same, []lifecycle.State{stopped}},
		{api.RepairCluster, api.RepairClusterInput{Waits: wait(false)}, []lifecycle.State{active, stopped}, same, nil},
		{api.RunService, api.RunServiceInput{Service: "tidy"}, []lifecycle.State{active}, same, nil},
		{api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.quota": quota}, Waits: wait(false)}, []lifecycle.State{active, stopped},
			func(c shape) shape { c.quota = strconv.Itoa(quota); return c }, nil},
	}
}

// lastGroup names the last master of role a and its replica.
func (m *model) lastGroup() []string {
	rec := m.w.record()
	if rec == nil {
		return nil
	}
	group := 0
	for _, n := range rec.Nodes {
		group = max(group, n.GID)
	}
	var ids []string
	for _, n := range rec.Nodes {
		if n.GID == group && n.Role != "b" {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// operate tries an operation, lets something go wrong in it or nothing, and compares.
func (m *model) operate(rt *rapid.T) {
	w := m.w
	now := m.state()
	moves := m.moves(rt)
	if rapid.IntRange(0, 5).Draw(rt, "anything") > 0 { // mostly what is allowed: refusals are soon known
		moves = slices.DeleteFunc(moves, func(mv move) bool { return !slices.Contains(mv.from, now) })
	}
	mv := rapid.SampledFrom(moves).Draw(rt, "operation")
	if !slices.Contains(mv.from, now) {
		m.refused(rt, mv, now)
		return
	}
	wrong := rapid.SampledFrom([]string{"", "", "", failsBefore, failsAfter, cancelled, died, "a command refuses"}).Draw(rt, "what goes wrong")
	switch wrong {
	case "":
	case "a command refuses":
		w.refuse(rapid.SampledFrom([]string{"init", "start", "stop", "destroy", "scale_out", "scale_in", "upgrade", "restart"}).Draw(rt, "service"),
			rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "role"))
	default:
		w.inject = &injection{k: rapid.IntRange(1, 30).Draw(rt, "call"), how: wrong}
	}
	if rapid.Bool().Draw(rt, "hold") {
		mv.input = holding(w.t, mv.input)
		action := rapid.SampledFrom([]string{api.ResolveRetry, api.ResolveAbort}).Draw(rt, "the operator's first word")
		w.operator = func(d desk) {
			if d.Held != nil {
				d.resolve(api.Resolution{Action: action})
				action = api.ResolveAbort
			}
		}
	}
	r := w.start(mv.operation, mv.input)
	w.inject, w.operator, w.agents.Handlers = nil, nil, nil
	rt.Logf("%s of a cluster that is %q: error %v", mv.operation, now, r.err)

	var after []shape
	for _, c := range m.may {
		c.state = now
		after = append(after, mv.to(c))
		if r.err != nil {
			after = append(after, c)
			for _, s := range mv.ends {
				changed := mv.to(c)
				c.state, changed.state = s, s
				after = append(after, c, changed)
			}
		}
	}
	w.died = w.died && r.err != nil || wrong == died
	m.may = after
	m.observe(rt, wrong)
}

// refused: an operation that is not allowed touches nothing.
func (m *model) refused(rt *rapid.T, mv move, now lifecycle.State) {
	w := m.w
	record, before, ran := w.record(), w.condition(), len(w.commands())
	r := w.start(mv.operation, mv.input)
	require.Error(rt, r.err, "%s of a cluster that is %q", mv.operation, now)
	require.Equal(rt, record, w.record())
	require.Equal(rt, before, w.condition())
	require.Len(rt, w.commands(), ran)
}

// state is the one the next operation finds; an operation that died has said no last word.
func (m *model) state() lifecycle.State {
	rec := m.w.record()
	switch {
	case rec == nil:
		return ""
	case rec.Operation.State == api.OpRunning:
		return lifecycle.AfterDeath(rec)
	}
	return rec.State
}

// observe looks at the cluster and forgets what it can no longer be.
func (m *model) observe(rt *rapid.T, wrong string) {
	w, rec := m.w, m.w.record()
	seen := shape{state: m.state()}
	limbo := rec != nil && (rec.Operation.State == api.OpRunning || rec.Operation.Clearing)
	if limbo { // the next operation that begins clears up
		require.True(rt, m.limbo || slices.Contains([]string{died, failsBefore, failsAfter, cancelled}, wrong), "it leaves something to be cleared up")
	} else {
		w.sound()
	}
	whole := rec != nil && !limbo && seen.state != lifecycle.Creating && seen.state != lifecycle.Failed && seen.state != lifecycle.Deleting
	if whole {
		seen.version = rec.VersionID
		published, _ := w.store.Tree(clusterID)
		seen.quota = published.Tree["roles/a/env/quota"]
		for _, n := range rec.Nodes {
			if n.Role == "a" {
				seen.masters++
			}
		}
	}
	var may []shape
	for _, c := range m.may {
		fits := limbo || c == seen || !whole && c.state == seen.state
		if fits && !slices.Contains(may, c) {
			may = append(may, c)
		}
	}
	require.NotEmpty(rt, may, "it is %+v, and may be %+v", seen, m.may)
	m.may, m.limbo = may, limbo
}
