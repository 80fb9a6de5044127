package workflows_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

func TestCC1toCC4CreateCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 2, "init", "start order=1"), nodes("b", 1, "start order=0", "stop"))
	r := w.create("app")

	require.Equal(t, []string{
		"CC1 prepare resources",
		"CC2 register cluster info to metadata",
		"CC3 start the agent on all nodes",
		"CC4 init, order 0: a[1-2]",
		"CC4 start, order 0: b[1]",
		"CC4 start, order 1: a[1-2]",
	}, told(r.trace()))
	rec := w.record()
	var added []api.AddedNode
	for _, n := range rec.Nodes {
		added = append(added, api.AddedNode{NodeID: n.ID, Node: n.Label(), IP: n.IP})
	}
	require.Equal(t, api.OperationResult{
		ClusterID: clusterID, Operation: api.CreateCluster, ClusterState: "active", Revision: 1, Nodes: 3, Added: added,
	}, r.result)
	require.Equal(t, lifecycle.Active, rec.State)
	require.True(t, rec.EverActive)
	require.Equal(t, api.OpSucceeded, rec.Operation.State)
	require.Equal(t, 3+3+1, w.resources(), "an instance and a volume a node, and the network")
	for _, n := range rec.Nodes {
		require.NotEmpty(t, n.IP)
		require.NotEmpty(t, n.SSH.HostKey, "host keys are pinned at provisioning")
	}
	for _, e := range w.agents.Ran() {
		require.NotEmpty(t, e.Seen["self/hosts/"+e.Node.Role+"/"+e.Node.InstanceID+"/ip"], "CC2 comes before any command")
	}
	p := r.progress()
	require.Equal(t, api.OpSucceeded, p.State)
	for _, s := range p.Steps {
		require.Equal(t, api.StepDone, s.State, s.Words)
	}
}

func TestCC4InitAfterStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app",
		nodes("a", 1, "init post_start_service=true", "start"),
		nodes("b", 1, "init", "start order=2"))
	w.create("app")
	require.Equal(t, []string{"CC4 init b/1", "CC4 start a/1", "CC4 start b/1", "CC4 init a/1"}, w.commands())
}

func TestCC4CustomMetadataIsSeenByStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := nodes("a", 2, "start")
	role["custom_metadata"] = map[string]any{"cmd": "make-token"}
	w.publish("app", role)
	w.agents.On(lifecycle.ServiceCustomMetadata, func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		return fakes.Exit(0, "token of "+e.Node.ID+"\n")
	})
	r := w.create("app")
	require.EqualValues(t, 2, r.result.Revision)
	for _, e := range w.agents.Ran() {
		if e.Service() == "start" {
			require.Equal(t, "token of "+e.Node.ID, e.Seen["self/hosts/a/"+e.Node.InstanceID+"/token"])
		}
	}
}

func TestS8PreCheckRunsAsItsOwnStage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start pre_check=check"))
	r := w.create("app")
	require.Equal(t, []string{"CC4 start pre_check, order 0: a[1]", "CC4 start, order 0: a[1]"}, told(r.trace())[3:])
	ran := w.agents.Ran()
	require.Equal(t, "check", ran[0].Cmd)
	require.Equal(t, "run start", ran[1].Cmd)
}

func TestDryRunEqualsTheTraceAndTouchesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := nodes("a", 3, "init nodes_to_execute_on=1 post_start_service=true", "start order=2 pre_check=check")
	role["custom_metadata"] = map[string]any{"cmd": "make-token"}
	w.publish("app", role, nodes("b", 2, "start order=1", "init"))

	dry := w.start(api.CreateCluster, api.CreateClusterInput{App: "app", Waits: api.Waits{DryRun: true}})
	require.NoError(t, dry.err)
	w.nothingLeft()
	require.Empty(t, w.commands())
	require.Equal(t, "run start", dry.result.Plan.Steps[len(dry.result.Plan.Steps)-2].Commands[0].Cmd, "a plan shows commands")

	trace := w.create("app").trace()
	require.Equal(t, told(trace), told(*dry.result.Plan))
	require.NotEmpty(t, trace.Steps)

	dry = w.start(api.DeleteCluster, api.DeleteClusterInput{DryRun: true})
	require.NoError(t, dry.err)
	require.Equal(t, lifecycle.Active, w.record().State)
	before := len(w.commands())
	deleted := w.start(api.DeleteCluster, api.DeleteClusterInput{})
	require.NoError(t, deleted.err)
	require.Equal(t, told(deleted.trace()), told(*dry.result.Plan))
	require.Len(t, w.commands(), before, "the package defines nothing to run at deletion")
}

func TestS6FailingCommandIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 3, "init", "start"))
	w.agents.On("init", func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		if e.Node.SID == 2 {
			return fakes.Exit(77, "disk is full")
		}
		return fakes.Exit(0, "")
	})
	r := w.start(api.CreateCluster, api.CreateClusterInput{App: "app"})
	f := r.fault()
	require.Equal(t, fault.CommandFailed, f.Type)
	require.Equal(t, "init on a/2 ended with exit code 77: the data is still needed", f.Message, "the package's err_code text is told")
	require.Equal(t, 77, f.ExitCode)
	require.Equal(t, "disk is full", f.Output)
	require.Equal(t, "init", f.Service)
	require.NotEmpty(t, f.Node)
	require.Len(t, w.commands(), 3, "the group's other nodes run to their end, start does not begin")
	w.nothingLeft()
	p := r.progress()
	require.Equal(t, api.OpFailed, p.State)
	require.Equal(t, []string{"CC1", "CC2"}, []string{p.Undo[0].ID, p.Undo[1].ID}, "release first, deregister last")
	require.Contains(t, p.Error, "disk is full")
}

func TestOnFailureKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "init", "destroy"))
	w.agents.On("init", func(context.Context, fakes.Execution) agentapi.CommandStatus { return fakes.Exit(1, "no") })
	r := w.start(api.CreateCluster, api.CreateClusterInput{App: "app", OnFailure: api.OnFailureKeep})
	require.Contains(t, r.fault().Hint, "drover delete "+clusterID)
	rec := w.record()
	require.Equal(t, lifecycle.Failed, rec.State)
	require.Contains(t, rec.Reason, "init on a/1 ended with exit code 1")
	require.NotZero(t, w.resources())

	d := w.start(api.DeleteCluster, api.DeleteClusterInput{})
	require.NoError(t, d.err, "DeleteCluster works from there")
	require.Len(t, w.commands(), 1, "and asks no guard: nothing was ever active")
	w.nothingLeft()
}

func TestProvisioningFailureIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 3, "start"))
	w.provider.On(fakeprovider.Rule{Method: "CreateInstance", Nth: 2, Fault: fault.New(fault.Invalid, "image %q does not exist", "image-1")})
	r := w.start(api.CreateCluster, api.CreateClusterInput{App: "app"})
	require.Equal(t, fault.Invalid, r.fault().Type)
	require.Contains(t, r.fault().Message, "does not exist")
	require.Empty(t, w.commands())
	w.nothingLeft()
}

func TestProvisioningIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 2, "start"))
	w.provider.On(fakeprovider.Rule{Method: "CreateInstance", Nth: 1, When: fakeprovider.After, Fault: fault.New(fault.Unreachable, "answer lost")})
	w.create("app")
	require.Equal(t, 2+2+1, w.resources(), "what was made already is taken as it is")
}

func TestUndoThatCannotReleaseGoesToTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "init"))
	w.agents.On("init", func(context.Context, fakes.Execution) agentapi.CommandStatus { return fakes.Exit(1, "no") })
	w.provider.On(fakeprovider.Rule{Method: "DeleteVolume", Fault: fault.New(fault.Unreachable, "storage is away")})
	r := w.start(api.CreateCluster, api.CreateClusterInput{App: "app"})
	f := r.fault()
	require.Contains(t, f.Message, "init on a/1 ended with exit code 1", "the original reason comes first")
	require.Contains(t, f.Message, "storage is away")
	require.Contains(t, f.Message, "orphan ledger")
	require.Nil(t, w.record(), "nothing of the cluster is left but what the ledger holds")
	require.Len(t, w.ledger(), 1)
	require.Equal(t, api.CreateCluster, w.ledger()[0].Why)

	w.provider.Clear()
	w.retryOrphans(api.RetryOrphansInput{Once: true})
	require.Empty(t, w.ledger())
	w.nothingLeft()
}

func TestB3WarningsAndStrictConfig(t *testing.T) {
	t.Parallel()
	warn := []agentapi.Warning{{Resource: "app.toml", What: "reload", Message: "exit code 1"}}
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start"))
	w.agents.Warn = warn
	r := w.create("app")
	require.Equal(t, []api.Warning{{Step: "CC3", Node: "a/1", Message: "app.toml: reload failed: exit code 1"}}, r.result.Warnings)

	strict := newWorld(t)
	strict.publish("app", nodes("a", 1, "start"))
	strict.agents.Warn = warn
	r = strict.start(api.CreateCluster, api.CreateClusterInput{App: "app", Waits: api.Waits{StrictConfig: true}})
	require.Equal(t, fault.ConfigFailed, r.fault().Type)
	require.Empty(t, strict.commands())
	strict.nothingLeft()
}

func TestSecretsStayOutOfResults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "init"))
	w.agents.On("init", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		return fakes.Exit(1, strings.Repeat("x", 9000)+" end")
	})
	f := w.start(api.CreateCluster, api.CreateClusterInput{App: "app"}).fault()
	require.LessOrEqual(t, len(f.Output), agentapi.OutputTail+len("…"))
	require.True(t, strings.HasSuffix(f.Output, " end"), "the end of the output is what matters")
}

func TestRefusedInputTouchesNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		id        string
		operation string
		input     any
		want      fault.Type
		says      []string
	}{
		{name: "unknown fields, all at once", operation: api.CreateCluster,
			input: map[string]any{"app": "app", "versoin": "1", "colour": "red"}, want: fault.Invalid,
			says: []string{`unknown field "colour"`, `unknown field "versoin"`}},
		{name: "wrong types, all at once, without showing values", operation: api.CreateCluster,
			input: map[string]any{"app": 7, "dry_run": "yes", "values": "secret"}, want: fault.Invalid,
			says: []string{"app: want a text, got a number", "dry_run: want true or false, got a text", "values: want an object"}},
		{name: "bad words, all at once", operation: api.CreateCluster,
			input: api.CreateClusterInput{OnFailure: "ignore", Waits: api.Waits{BarrierTimeout: "soon"}}, want: fault.Invalid,
			says: []string{"app: required", `on_failure: "ignore"`, `barrier_timeout: "soon"`}},
		{name: "not an object", operation: api.DeleteCluster, input: []string{"cl-1"}, want: fault.Invalid, says: []string{"one JSON object"}},
		{name: "wrong workflow id", id: "my-cluster", operation: api.CreateCluster,
			input: api.CreateClusterInput{App: "app"}, want: fault.Invalid, says: []string{`"my-cluster"`, `"cluster/cl-xxxxxxxx"`}},
		{name: "unknown application", operation: api.CreateCluster,
			input: api.CreateClusterInput{App: "nope"}, want: fault.NotFound, says: []string{`"nope"`}},
		{name: "unknown version", operation: api.CreateCluster,
			input: api.CreateClusterInput{App: "app", Version: "9"}, want: fault.NotFound, says: []string{`"9"`}},
		{name: "unknown provider", operation: api.CreateCluster,
			input: api.CreateClusterInput{App: "app", Provider: "cloud"}, want: fault.Invalid, says: []string{`"cloud"`}},
		{name: "unknown value", operation: api.CreateCluster,
			input: api.CreateClusterInput{App: "app", Values: map[string]any{"env.x": 1, "a.cuont": 2}}, want: fault.Invalid,
			says: []string{"env.x", "a.cuont"}},
		{name: "unknown cluster", operation: api.DeleteCluster, input: api.DeleteClusterInput{}, want: fault.NotFound, says: []string{clusterID}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish("app", nodes("a", 1, "start"))
			if tc.id == "" {
				tc.id = "cluster/" + clusterID
			}
			f := w.startAs(tc.id, tc.operation, tc.input).fault()
			require.Equal(t, tc.want, f.Type)
			for _, text := range tc.says {
				require.Contains(t, f.Message, text)
			}
			require.NotContains(t, f.Message, "secret")
			w.nothingLeft()
			require.Empty(t, w.commands())
		})
	}
}

func TestCreateRefusesAnExistingCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start"))
	w.create("app")
	f := w.start(api.CreateCluster, api.CreateClusterInput{App: "app"}).fault()
	require.Equal(t, fault.Conflict, f.Type)
	require.Equal(t, lifecycle.Active, w.record().State, "the cluster is as it was")
	require.NotZero(t, w.resources())
}
