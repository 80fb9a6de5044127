package workflows

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/records"
	. "drover/lifecycle"
	"drover/workflows/api"
)

var update = flag.Bool("update", false, "rewrite testdata/procedures.txt; read the difference beside the lifecycle document")

// branch is one branch of a procedure: a cluster, a request, and the steps that follow from them.
type branch struct {
	name   string
	roles  string // see rolesOf
	target string // roles of the version an upgrade leads to
	known  func(*cluster)
	plan   func(cluster) procedure
}

func planned[I any](plan func(cluster, I) procedure, in I) func(cluster) procedure {
	return func(c cluster) procedure { return plan(c, in) }
}

var (
	masters     = "a:2 init start stop destroy=pre scale_out!pre scale_in!pre upgrade"
	two         = masters + "; b:1 init+ start@1 stop@1 destroy@1"
	after       = "a:2 start stop destroy+; b:1 start stop@1 destroy+@1"
	mixedPhases = "a:2 init start stop destroy scale_in; b:1 init+@1 start stop destroy+@1; c:1 init@1"
	plain       = "a:2 start stop scale_in; b:1 start@1 stop@1"
	replicas    = "a:2 start stop scale_out=1; a-replica<a:2 start stop scale_out=1"
)

func dead(state State) func(*cluster) {
	return func(c *cluster) { c.State, c.EverActive = state, false }
}
func stopped(c *cluster) { c.State, c.PoweredOff = Stopped, true }

func keeping(c *cluster) { c.begun.Keep = "2h" }

func adds(ids ...string) func(*cluster) { return func(c *cluster) { c.begun.Added = ids } }

// branches are all branches of all procedures. The expected steps are in testdata/procedures.txt, under the same names.
func branches() []branch {
	del := func(force bool) func(cluster) procedure {
		return planned(deleteCluster, api.DeleteClusterInput{Force: force})
	}
	remove := func(force bool, nodes ...string) func(cluster) procedure {
		return planned(deleteNodes, api.DeleteNodesInput{Nodes: nodes, Force: force})
	}
	scale := func(in api.ScaleVerticalInput) func(cluster) procedure { return planned(scaleVertical, in) }
	bigger := api.ScaleVerticalInput{Role: "a", CPU: 4}
	wider := api.ScaleVerticalInput{Role: "a", VolumeSize: 9}
	online := func(c *cluster) { c.begun.GrowOnline = true }
	inTurn := func(c *cluster) { c.Roles[0].Sequential = true }
	upgradeInTurn := func(c *cluster) { c.target.Sequential = true }
	upgrade := func(onFailure string) func(cluster) procedure {
		return planned(upgradeCluster, api.UpgradeClusterInput{OnFailure: onFailure})
	}
	half := func(c *cluster) { c.State, c.begun.Upgraded = UpgradeFailed, []string{"a1"} }
	restart := func(role *string) func(cluster) procedure {
		return planned(restartCluster, api.RestartClusterInput{Role: role})
	}
	roleA := "a"
	return []branch{
		{"create: order groups, init before and after start", two, "", nil, planned(createCluster, api.CreateClusterInput{})},
		{"create: roles that differ in post_start_service", mixedPhases, "", nil, planned(createCluster, api.CreateClusterInput{})},
		{"create: custom_metadata", "a:2 init start custom_metadata; b:1 start", "", nil, planned(createCluster, api.CreateClusterInput{})},
		{"create: machines alone, without an agent", "a:1 start; b:1 start noagent", "", nil, planned(createCluster, api.CreateClusterInput{})},
		{"create: no service at all", "a:1", "", nil, planned(createCluster, api.CreateClusterInput{})},

		{"delete: no destroy", plain, "", nil, del(false)},
		{"delete: no destroy, powered off", plain, "", stopped, del(false)},
		{"delete: no destroy, services stopped", plain, "", func(c *cluster) { c.State = Stopped }, del(false)},
		{"delete: destroy before stop, two orders", two, "", nil, del(false)},
		{"delete: destroy before stop, two orders, forced", two, "", nil, del(true)},
		{"delete: destroy before stop, powered off", two, "", stopped, del(false)},
		{"delete: destroy before stop, powered off, forced", two, "", stopped, del(true)},
		{"delete: destroy after stop", after, "", nil, del(false)},
		{"delete: destroy after stop, forced", after, "", nil, del(true)},
		{"delete: roles that differ in post_stop_service", mixedPhases, "", nil, del(false)},
		{"delete: failed creation", two, "", dead(Failed), del(false)},
		{"delete: creation that died", two, "", dead(Creating), del(false)},
		{"delete: deletion that died", two, "", func(c *cluster) { c.State = Deleting }, del(false)},
		{"delete: half-way between versions", two, "a:2 start stop destroy@2; b:1 start stop", half, del(false)},
		{"delete: linked, forced", plain, "", func(c *cluster) {
			c.begun.LinkedBy = []Linking{{ClusterID: "cl-other", Names: []string{"db"}}}
		}, del(true)},

		{"delete and keep: destroy before stop", two, "", keeping, del(false)},
		{"delete and keep: no destroy, powered off", plain, "", func(c *cluster) { stopped(c); keeping(c) }, del(false)},
		{"delete and keep: half-way between versions", two, masters, func(c *cluster) { half(c); keeping(c) }, del(false)},
		{"recover", two, "", func(c *cluster) {
			c.State, c.begun.LostLinks = Deleted, []string{"link db refers to cl-b, which does not exist"}
		},
			planned(recoverCluster, api.RecoverClusterInput{})},
		{"recover: half-way between versions", two, masters, func(c *cluster) { half(c); c.State = Deleted }, planned(recoverCluster, api.RecoverClusterInput{})},
		{"cease", two, "", func(c *cluster) { c.State = Deleted }, planned(ceaseCluster, api.CeaseClusterInput{})},

		{"add: scale_out on existing nodes of every role", two, "", adds("a2"), planned(addNodes, api.AddNodesInput{})},
		{"add: no scale_out", plain, "", adds("a2"), planned(addNodes, api.AddNodesInput{})},
		{"add: custom_metadata on new nodes", "a:3 start custom_metadata; b:1 start", "", adds("a3"), planned(addNodes, api.AddNodesInput{})},
		{"add: a master and its replica, nodes_to_execute_on", replicas, "", adds("a2", "a-replica4"), planned(addNodes, api.AddNodesInput{})},

		{"remove: no destroy", plain, "", nil, remove(false, "a2")},
		{"remove: destroy before stop", two, "", nil, remove(false, "a2")},
		{"remove: destroy before stop, two orders, forced", two, "", nil, remove(true, "a2", "b1")},
		{"remove: destroy after stop", after, "", nil, remove(false, "a2")},
		{"remove: destroy after stop, two orders, forced", after, "", nil, remove(true, "a2", "b1")},
		{"remove: roles that differ in post_stop_service", mixedPhases, "", nil, remove(false, "a2", "b1")},
		{"remove: nothing to stop", "a:2 start scale_in", "", nil, remove(false, "a2")},

		{"scale: only the volume, online", two, "", online, scale(wider)},
		{"scale: only the volume, offline", two, "", nil, scale(wider)},
		{"scale: stop defined, parallel", two, "", nil, scale(bigger)},
		{"scale: stop defined, sequential", two, "", inTurn, scale(bigger)},
		{"scale: stop defined, sequential, order not asked for yet", "a:2 start stop get_nodes_order", "", inTurn, scale(bigger)},
		{"scale: stop defined, sequential, ordered by the package", "a:2 start stop get_nodes_order", "", func(c *cluster) {
			inTurn(c)
			c.answers = answers{"a get_nodes_order": {"a2"}}
		}, scale(bigger)},
		{"scale: no stop: the others are stopped", "a:2 start; b:1 start@1 stop@1", "", nil, scale(bigger)},
		{"scale: cpu and volume", two, "", online, scale(api.ScaleVerticalInput{Role: "a", CPU: 4, VolumeSize: 9})},
		{"scale: a role with replicas", replicas, "", nil, scale(bigger)},

		{"upgrade: parallel", two, "a:2 start stop upgrade; b:1 start@1 stop@1 upgrade+@1", nil, upgrade("")},
		{"upgrade: parallel, rolled back", two, masters, nil, upgrade(api.OnFailureRollback)},
		{"upgrade: sequential, checked and ordered by the packages", "a:2 start stop get_nodes_order", "a:2 start stop upgrade!pre", func(c *cluster) {
			upgradeInTurn(c)
			c.answers = answers{"a get_nodes_order": {"a2"}}
		}, upgrade("")},
		{"upgrade: sequential", plain, "a:2 start stop upgrade@1; b:1 start stop upgrade", upgradeInTurn, upgrade("")},
		{"downgrade: two orders, always forced", two, two, func(c *cluster) { c.begun.Upgraded = []string{"a1", "a2", "b1"} }, planned(downgradeCluster, api.DowngradeClusterInput{})},
		{"downgrade: each node by its version, not where nothing runs", "a:3 start stop; b:1 start stop@1", "a:3 start stop@2; b:1 start stop@3", func(c *cluster) {
			c.begun.Upgraded, c.begun.Idle = []string{"a1", "b1"}, []string{"a3"}
		}, planned(downgradeCluster, api.DowngradeClusterInput{})},

		{"start: powered off", plain, "", stopped, planned(startCluster, api.StartClusterInput{})},
		{"start: machines are on", plain, "", func(c *cluster) { c.State = Stopped }, planned(startCluster, api.StartClusterInput{})},
		{"stop", plain, "", nil, planned(stopCluster, api.StopClusterInput{})},
		{"stop: nothing to stop", "a:1 start", "", nil, planned(stopCluster, api.StopClusterInput{})},
		{"restart: restart where defined, else stop and start", "a:2 restart start stop; b:1 start stop", "", nil, restart(nil)},
		{"restart: one role", "a:2 restart start stop; b:1 start stop", "", nil, restart(&roleA)},
		{"restart: nodes named", "a:2 restart start stop; b:1 start stop", "", nil, planned(restartCluster, api.RestartClusterInput{Nodes: []string{"a2"}})},
		{"restart: nodes are healed", "a:2 start stop", "", nil, planned(restartCluster, api.RestartClusterInput{Nodes: []string{"a2"}, Healing: api.Healing{Healing: true}})},
		{"run: as nodes_to_execute_on says", "a:2 backup=1; b:1", "", nil, planned(runService, api.RunServiceInput{Service: "backup"})},
		{"run: nodes that are named, pre_check", "a:2 backup!pre; b:1", "", nil, planned(runService, api.RunServiceInput{Service: "backup", Nodes: []string{"a2"}})},
		{"run: selector, not asked yet", "a:2 backup?", "", nil, planned(runService, api.RunServiceInput{Service: "backup"})},
		{"run: selector, answered", "a:2 backup?", "", func(c *cluster) { c.answers = answers{"a backup": {"a2"}} }, planned(runService, api.RunServiceInput{Service: "backup"})},
		{"env", plain, "", nil, planned(updateEnv, api.UpdateEnvInput{Values: map[string]any{"env.x": 1}})},
		{"env: powered off", plain, "", stopped, planned(updateEnv, api.UpdateEnvInput{Values: map[string]any{"env.x": 1}})},
		{"repair: nothing named", plain, "", nil, planned(repairCluster, api.RepairClusterInput{})},
		{"repair: nodes named", plain, "", nil, planned(repairCluster, api.RepairClusterInput{Nodes: []string{"a1"}})},
		{"repair: nodes are healed", plain, "", nil, planned(repairCluster, api.RepairClusterInput{Nodes: []string{"a1"}, Healing: api.Healing{Healing: true}})},
		{"repair: other machines", plain, "", nil, planned(repairCluster, api.RepairClusterInput{Nodes: []string{"a1"}, Replace: true})},
		{"repair: nodes named, powered off", plain, "", stopped, planned(repairCluster, api.RepairClusterInput{Nodes: []string{"a1"}})},
		{"repair: nodes named, services stopped", plain, "", func(c *cluster) { c.State = Stopped }, planned(repairCluster, api.RepairClusterInput{Nodes: []string{"a1"}})},
	}
}

// Every branch of every procedure leads to these steps, in this order.
func TestProcedures(t *testing.T) {
	t.Parallel()
	const file = "testdata/procedures.txt"
	var got strings.Builder
	fmt.Fprintln(&got, "The steps of every branch of every procedure. Written by: go test ./workflows -run TestProcedures -update")
	for _, b := range branches() {
		fmt.Fprintf(&got, "\n== %s\n%s", b.name, b.describe())
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got.String()), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}

// A procedure depends on what is known alone: planned again it is the same.
func TestProceduresArePure(t *testing.T) {
	t.Parallel()
	for _, b := range branches() {
		require.Equal(t, b.describe(), b.describe(), b.name)
	}
}

// An answer changes what comes after the question, and nothing before it.
func TestAnswersChangeOnlyWhatFollows(t *testing.T) {
	t.Parallel()
	for _, b := range branches() {
		c := b.cluster()
		c.answers = nil
		before := b.plan(c)
		i := slices.IndexFunc(before, func(s step) bool { return s.ask != nil })
		if i < 0 {
			continue
		}
		c.answers = answers{before[i].ask.key(): {before[i].ask.nodes[1]}}
		after := b.plan(c)
		require.Equal(t, describe(before[:i+1]), describe(after[:i+1]), b.name)
		require.NotEqual(t, describe(before), describe(after), b.name)
	}
}

// Waiting for nodes grows with the nodes of a sequential upgrade, not with their square, and never leaves out the next one.
func TestTurnsWaitForTheirNeighbours(t *testing.T) {
	t.Parallel()
	var order []string
	for i := range 1000 {
		order = append(order, strconv.Itoa(i))
	}
	waits := 0
	for i := range order {
		waiting := waitFor(order, i)
		waits += len(waiting)
		if i+1 < len(order) {
			require.Contains(t, waiting, order[i+1])
		}
	}
	require.Less(t, waits, 20*len(order))
	require.Equal(t, order, waitFor(order, 0))
	require.Equal(t, []string{"a", "b", "c"}, waitFor([]string{"a", "b", "c"}, 1))
}

func (b branch) cluster() cluster {
	c := cluster{begun: records.Begun{Role: "a"}, View: View{ClusterID: "cl-a", Version: "1", State: Active, EverActive: true, Roles: rolesOf(b.roles)}}
	if b.target != "" {
		c.target = &View{ClusterID: "cl-a", Version: "2", State: Active, EverActive: true, Roles: rolesOf(b.target)}
	}
	if b.known != nil {
		b.known(&c)
	}
	return c
}

func (b branch) describe() string { return describe(b.plan(b.cluster())) }

// rolesOf reads "a:2 start stop@1; b-replica<b:1 ...": roles with their count of nodes, and their services. A service may
// be followed by @ORDER, =K (nodes_to_execute_on), + (post_start_service, post_stop_service), !pre (pre_check), ? (selector).
func rolesOf(text string) []RoleView {
	service := regexp.MustCompile(`^([a-z_]+)(\+)?(?:@(\d+))?(?:=(\d+))?(!pre)?(\?)?(\+)?(?:@(\d+))?$`)
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	var roles []RoleView
	sids := map[string]int{}
	for part := range strings.SplitSeq(text, "; ") {
		words := strings.Fields(strings.ReplaceAll(part, "=pre", ""))
		name, count, _ := strings.Cut(words[0], ":")
		name, of, _ := strings.Cut(name, "<")
		r := RoleView{Name: name, ReplicaOf: of, CPU: 1, Memory: 512, VolumeSize: 3}
		for range number(count) {
			sids[r.Master()]++
			sid := sids[r.Master()]
			r.Nodes = append(r.Nodes, NodeRef{ID: name + strconv.Itoa(sid), SID: sid})
		}
		for _, w := range words[1:] {
			if w == "noagent" {
				r.NoAgent = true
				continue
			}
			m := service.FindStringSubmatch(w)
			if m == nil {
				panic(w)
			}
			s := ServiceView{
				Name: m[1], HasCmd: true, Timeout: DefaultTimeout, Order: number(m[3] + m[8]), NodesToExecuteOn: number(m[4]),
				HasPreCheck: m[5] != "", HasSelector: m[6] != "", AllowForce: true,
			}
			if post := m[2]+m[7] != ""; post {
				s.PostStartService, s.PostStopService = true, true
			}
			if s.Name == ServiceCustomMetadata {
				r.CustomMetadata = &s
				continue
			}
			r.Services = append(r.Services, s)
		}
		roles = append(roles, r)
	}
	return roles
}

// describe writes a procedure a line a step: what it does, and below it how it is undone and what it leaves.
func describe(p procedure) string {
	var b strings.Builder
	for _, s := range p {
		fmt.Fprintf(&b, "%s", s.id)
		switch {
		case s.skipped != "":
			fmt.Fprintf(&b, " skipped: %s", s.skipped)
		case s.ask != nil:
			fmt.Fprintf(&b, " ask %s (of %s)", s.ask.key(), strings.Join(s.ask.nodes, " "))
		case s.group != nil:
			fmt.Fprintf(&b, " run %s on %s", s.words, strings.Join(s.group.NodeIDs(), " "))
		default:
			fmt.Fprintf(&b, " %s", written(s.effects))
		}
		for _, mark := range []struct {
			on   bool
			text string
		}{
			{s.force, "forced"}, {s.begins.set, "begins " + stateName(s.begins.state)}, {s.ends.set, "ends " + stateName(s.ends.state)},
			{s.endsTurn, "ends a turn"}, {s.scope != "", "completes its scope"},
		} {
			if mark.on {
				fmt.Fprintf(&b, " [%s]", mark.text)
			}
		}
		b.WriteString("\n")
		for _, w := range s.warnings {
			fmt.Fprintf(&b, "  warns: %s %s\n", w.Step, w.Message)
		}
		if s.instead {
			b.WriteString("  what was done before stays\n")
		}
		for _, u := range slices.Backward(s.undo) {
			fmt.Fprintf(&b, "  undo: %s: %s", u.id, written(u.effects))
			if u.op != "" {
				fmt.Fprintf(&b, " [if %s fails]", u.op)
			}
			if u.allElse {
				b.WriteString(" [if all else is undone]")
			}
			if u.notDone.set {
				fmt.Fprintf(&b, " [else %s]", u.notDone.state)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func stateName(s State) string {
	if s == gone {
		return "gone"
	}
	return string(s)
}

func written(list []effect) string {
	var out []string
	for _, e := range list {
		out = append(out, effectText(e))
	}
	return strings.Join(out, ", ")
}

func effectText(e effect) string {
	name := reflect.TypeOf(e).Name()
	ids := func(list []string) string { return " " + strings.Join(list, " ") }
	switch e := e.(type) {
	case commit:
		return effectText(e.effect) + " (commits)"
	case once:
		return effectText(e.effect) + " (once)"
	case trying:
		return "trying (" + written(e.list) + ")"
	case power:
		if e.up {
			return "power on" + ids(e.on)
		}
		return "power off" + ids(e.on)
	case replace:
		return "replace by " + string(e.to) + ids(e.on)
	case publish:
		return "publish" + changeText(e.change)
	case inform:
		return "inform" + ids(e.waiting) + " of" + changeText(e.change)
	case serve:
		text := "serve " + string(e.as)
		for _, g := range e.stage.Groups {
			text += fmt.Sprintf(" %s, order %d on%s", e.stage.Service, g.Order, ids(g.NodeIDs()))
		}
		return text
	case publishEnv:
		return fmt.Sprintf("publishEnv %v", e.values)
	case powered:
		return fmt.Sprintf("powered off=%v", e.off)
	case resize:
		return fmt.Sprintf("resize to %v%s", e.size, ids(e.on))
	case grow:
		return fmt.Sprintf("grow to %v%s", e.size, ids(e.on))
	}
	v := reflect.ValueOf(e).Field(0)
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			name += " " + v.Index(i).String()
		}
	}
	return name
}

func changeText(c change) string {
	text := ""
	for _, f := range []struct {
		name string
		list *[]string
	}{{"adding", c.Adding}, {"deleting", c.Deleting}, {"vertical-scaling", c.VerticalScaling}} {
		if f.list != nil {
			text += fmt.Sprintf(" %s=%v", f.name, *f.list)
		}
	}
	if c.UpgradeFrom != nil {
		text += fmt.Sprintf(" upgrade-from=%q", *c.UpgradeFrom)
	}
	if c.Remove != nil {
		text += fmt.Sprintf(" without %v", c.Remove)
	}
	if c.Size != nil {
		text += fmt.Sprintf(" size=%v", c.Size.Size)
	}
	if c.Commit {
		text += " commit"
	}
	return text
}
