package cli

import (
	"context"
	"slices"
	"time"

	agentapi "drover/agent/api"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
	"drover/workflows/api"
)

// The scripted worker: real workflows that speak the contract of package workflows/api and touch nothing. The name asked
// for in CreateCluster chooses the script.

const missing = "cl-00000000"

func register(w worker.Worker) {
	for name, f := range map[string]any{
		api.CreateCluster: createScript, api.DeleteCluster: deleteScript, api.DescribeCluster: describeScript,
		api.ListClusters: listScript, api.ListApps: listAppsScript, api.PublishApp: publishScript, api.YankApp: yankScript, api.UnpublishApp: unpublishScript,
		api.ReadLogs: logsScript, api.RunService: runScript, api.DescribeApp: appScript, api.DescribeValues: valuesScript,
		api.ScheduledBackup: scheduledScript, api.ExecCommand: execScript,
	} {
		w.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name})
	}
	w.RegisterActivityWithOptions(waitForCancel, activity.RegisterOptions{Name: "Wait"})
}

// thenFails is the reason of a skip after which the operation fails all the same.
const thenFails = "did it by hand, in vain"

func failing(f *fault.Fault) error {
	return temporal.NewNonRetryableApplicationError(f.Message, string(f.Type), nil, f)
}

func createScript(ctx workflow.Context, in api.CreateClusterInput) (*api.OperationResult, error) {
	id := clusterOf(workflow.GetInfo(ctx).WorkflowExecution.ID)
	now := func() time.Time { return workflow.Now(ctx).UTC() }
	p := api.Progress{ClusterID: id, Operation: api.CreateCluster, App: in.App, State: api.OpRunning, StartedAt: now(), Number: 1, Steps: []api.Step{
		{ID: "CC1", Words: "resources for all nodes", State: api.StepPending, Nodes: 3},
		{ID: "CC4", Words: "start, order 0", State: api.StepPending, Nodes: 3},
	}}
	if err := workflow.SetQueryHandler(ctx, api.QueryProgress, func() (api.Progress, error) { return p, nil }); err != nil {
		return nil, err
	}
	result := &api.OperationResult{ClusterID: id, Operation: api.CreateCluster, ClusterState: "active", Revision: 2, Nodes: 3}
	if in.DryRun {
		result.Plan = &api.Plan{Steps: []api.PlanStep{
			{ID: "CC1", Words: "resources for all nodes"},
			{ID: "CC4", Words: "init", Skipped: "no role defines it"},
			{ID: "CC4", Words: "start, order 0", Commands: []api.PlanCommand{{Role: "etcd_node", Service: "start", SIDs: "1-3", Cmd: "one\ntwo", Timeout: 600}}},
		}}
		return result, nil
	}
	if in.Name == "refuse" {
		return nil, failing(fault.New(fault.NotAllowed, "not here").WithHint("try elsewhere"))
	}
	p.Steps[0].State, p.Steps[0].StartedAt, p.Steps[0].EndedAt = api.StepDone, now(), now()
	p.Steps[1].State, p.Steps[1].StartedAt = api.StepRunning, now()
	switch in.Name {
	case "fail":
		p.Steps[1].State, p.Steps[1].EndedAt = api.StepFailed, now()
		p.Undo = []api.Step{{ID: "CC1", Words: "release resources", State: api.StepDone, StartedAt: now(), EndedAt: now()}}
		p.State = api.OpFailed
		return nil, failing(&fault.Fault{
			Type: fault.CommandFailed, Message: "start of etcd_node failed on cln-00000001", Node: "cln-00000001", Service: "start",
			ExitCode: 7, Output: "first line\nlast line\n",
		})
	case "wait":
		p.Steps[1].ActivityIDs = []string{"wait"}
		ctx := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			ActivityID: "wait", StartToCloseTimeout: time.Minute, HeartbeatTimeout: 30 * time.Second, WaitForCancellation: true,
		})
		err := workflow.ExecuteActivity(ctx, "Wait").Get(ctx, nil)
		p.Steps[1].State, p.State = api.StepFailed, api.OpCancelled
		return nil, err
	case "hold":
		word, err := holdScript(ctx, &p)
		if word.Action == api.ResolveSkip {
			result.Skipped = []string{"CC4 start, order 0 skipped by " + word.By + ": " + word.Reason}
			if err := workflow.UpsertMemo(ctx, map[string]any{api.MemoSkipped: result.Skipped}); err != nil {
				return nil, err
			}
		}
		if err != nil || word.Action == api.ResolveAbort || word.Reason == thenFails {
			return nil, failing(fault.New(fault.CommandFailed, "start of etcd_node failed"))
		}
	case "signal":
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	}
	p.Steps[1].State, p.Steps[1].EndedAt = api.StepDone, now()
	p.State, p.EndedAt = api.OpSucceeded, now()
	p.Warnings = []api.Warning{{Step: "CC3", Node: "etcd_node/1", Message: "reload failed"}}
	result.Warnings = p.Warnings
	return result, nil
}

// holdScript holds the running step until it is resolved.
func holdScript(ctx workflow.Context, p *api.Progress) (word api.Resolution, _ error) {
	step := &p.Steps[1]
	err := workflow.SetUpdateHandlerWithOptions(ctx, api.UpdateResolve, func(_ workflow.Context, r api.Resolution) (api.Resolved, error) {
		word = r
		return api.Resolved{Step: step.ID, Words: step.Words, Action: r.Action, Next: "run start again on etcd_node/2"}, nil
	}, workflow.UpdateHandlerOptions{Validator: func(_ workflow.Context, r api.Resolution) error {
		if r.Step != "" && r.Step != step.ID {
			return failing(fault.New(fault.Conflict, "CC4 start, order 0 is held, not %s", r.Step).WithHint("nothing was changed"))
		}
		return nil
	}})
	if err != nil {
		return word, err
	}
	p.State, step.State, step.Note = api.OpHeld, api.StepHeld, "start of etcd_node failed"
	p.Held = &api.Held{
		Step: step.ID, Words: step.Words, Since: workflow.Now(ctx).UTC(), Error: "start of etcd_node failed\nlast line", Service: "start", Failed: 1,
		Nodes: []api.HeldNode{{Node: "etcd_node/2 cln-00000002", Outcome: agentapi.OutcomeFailed}},
		Choices: []api.Choice{
			{Action: api.ResolveRetry, Does: "run start again on etcd_node/2", Command: "drover resolve " + p.ClusterID + " --retry"},
			{Action: api.ResolveSkip, Does: "continue", Refused: "it protects data"},
		},
	}
	err = workflow.Await(ctx, func() bool { return word.Action != "" })
	p.State, p.Held, step.State, step.Note = api.OpRunning, nil, api.StepRunning, ""
	return word, err
}

// waitForCancel is an activity over nodes that do not come to an end.
func waitForCancel(ctx context.Context) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		activity.RecordHeartbeat(ctx, api.Beat{Done: 1, Total: 3, Waiting: []api.BeatNode{
			{Node: "etcd_node/2 cln-00000002", Since: time.Now(), LastLine: "waiting for peers"},
		}})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func deleteScript(ctx workflow.Context, _ api.DeleteClusterInput) (*api.OperationResult, error) {
	id := clusterOf(workflow.GetInfo(ctx).WorkflowExecution.ID)
	return &api.OperationResult{ClusterID: id, Operation: api.DeleteCluster, Orphans: []string{"local volume vol-1: busy"}}, nil
}

func scripted(id string) api.ClusterView {
	return api.ClusterView{
		ClusterID: id, Name: "demo", App: "etcd", Version: "3.5.0", Provider: "fake", State: "active", Revision: 2,
		CreatedAt: "2026-01-02T03:04:05Z", NodeCount: 1, Endpoints: []api.Endpoint{{Name: "client", Port: "2379", Protocol: "tcp"}},
	}
}

func describeScript(_ workflow.Context, in api.DescribeClusterInput) (*api.ClusterView, error) {
	if in.ClusterID == missing {
		return nil, failing(fault.New(fault.NotFound, "no cluster %s", missing))
	}
	view := scripted(in.ClusterID)
	view.Nodes = []api.NodeView{{NodeID: "cln-00000001", InstanceID: "i-00000001", Role: "etcd_node", SID: 1, IP: "10.0.0.1", CPU: 1, Memory: 1024, Health: "healthy"}}
	if in.SSH {
		at := func(address string) api.SSHServer {
			return api.SSHServer{Address: address, User: "root", HostKey: "ssh-ed25519 AAAA+/=", KeyFile: "/nowhere/id_ed25519"}
		}
		view.Nodes[0].SSH = &api.NodeSSH{SSHServer: at("10.0.0.1:2222")}
		if in.ClusterID == jumped {
			bastion := at("bastion:22")
			view.Nodes[0].SSH.Jump = &bastion
		}
	}
	return &view, nil
}

func listScript(_ workflow.Context, in api.ListClustersInput) (*api.ClusterList, error) {
	list := &api.ClusterList{Clusters: []api.ClusterView{}, Total: 2}
	for _, c := range []api.ClusterView{scripted("cl-aaaaaaaa"), scripted("cl-bbbbbbbb")} {
		if len(in.States) == 0 || slices.Contains(in.States, c.State) {
			list.Clusters = append(list.Clusters, c)
		}
	}
	list.Matching = len(list.Clusters)
	return list, nil
}

func listAppsScript(workflow.Context, api.ListAppsInput) (*api.AppList, error) {
	return &api.AppList{Apps: []api.AppView{{App: "etcd", Version: "3.6.0", Roles: []string{"etcd_node"}}, {App: "etcd", Version: "3.5.0", Roles: []string{""}}}}, nil
}

func publishScript(_ workflow.Context, in api.PublishAppInput) (*api.AppView, error) {
	return &api.AppView{App: in.App, Version: in.Version, Digest: "sha256", Roles: []string{""}}, nil
}

func yankScript(_ workflow.Context, in api.YankAppInput) (*api.AppView, error) {
	view := &api.AppView{App: in.App, Version: in.Version, Digest: "sha256", Roles: []string{""}}
	if !in.Undo {
		view.Yanked = "2026-01-02T03:04:05Z"
	}
	return view, nil
}

func unpublishScript(_ workflow.Context, in api.UnpublishAppInput) (*api.UnpublishedApp, error) {
	return &api.UnpublishedApp{App: in.App, Version: in.Version}, nil
}

// clusterOf is the cluster an operation, or the plan of one, is about.
func clusterOf(workflowID string) string {
	if id, planned := api.PlannedCluster(workflowID); planned {
		return id
	}
	id, _ := api.ClusterIDOf(workflowID)
	return id
}
