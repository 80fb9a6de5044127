package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// exampleValue is what `drover example -o json` prints.
type exampleValue struct {
	Operation  string `json:"operation"`
	WorkflowID string `json:"workflow_id"`
	TaskQueue  string `json:"task_queue"`
	Input      any    `json:"input"`
	Command    string `json:"command"`
	UI         string `json:"ui"`
}

// exampleInputs show what people type most, of operations where the empty input does not; every field with its meaning is in
// package workflows/api.
var exampleInputs = map[string]any{
	api.CreateCluster: api.CreateClusterInput{
		App: "etcd", Version: "3.5", Name: "demo", OnFailure: "undo", Waits: api.Waits{BarrierTimeout: "5m"},
		Values: map[string]any{"etcd_node.count": 3},
	},
	api.AddNodes:      api.AddNodesInput{Role: "etcd_node", Count: 2},
	api.DeleteNodes:   api.DeleteNodesInput{Nodes: []string{"cln-a1b2c3d4"}},
	api.ScaleVertical: api.ScaleVerticalInput{Role: "etcd_node", CPU: 2, Memory: 4096, VolumeSize: 20},
	api.UpgradeCluster: api.UpgradeClusterInput{
		Version: "3.6.0", OnFailure: api.OnFailureRollback, Waits: api.Waits{BarrierTimeout: "5m"},
	},
	api.RestartCluster: api.RestartClusterInput{Role: &exampleRole},
	api.RunService: api.RunServiceInput{
		Service: "snapshot", Role: &exampleRole, Params: map[string]any{"keep": 5},
	},
	api.UpdateEnv:       api.UpdateEnvInput{Values: map[string]any{"env.quota": 4}},
	api.RestoreCluster:  api.RestoreClusterInput{Backup: "s-a1b2c3d4"},
	api.RestoreInPlace:  api.RestoreInPlaceInput{Backup: "s-a1b2c3d4"},
	api.VerifyBackup:    api.VerifyBackupInput{RestoreClusterInput: api.RestoreClusterInput{Backup: "s-a1b2c3d4"}},
	api.DeleteBackup:    api.DeleteBackupInput{Backup: "s-a1b2c3d4"},
	api.ListBackups:     api.ListBackupsInput{},
	api.DescribeCluster: api.DescribeClusterInput{},
	api.ListClusters:    api.ListClustersInput{},
	api.PublishApp:      api.PublishAppInput{App: "etcd", Version: "3.5", Archive: []byte("the package as tar.gz")},
	api.ListApps:        api.ListAppsInput{},
	api.ListProviders:   api.ListProvidersInput{},
	api.ListHosts:       api.ListHostsInput{Check: true},
	api.ListOrphans:     api.ListOrphansInput{},
	api.RetryOrphans:    api.RetryOrphansInput{Once: true},
	api.CollectOrphans:  api.CollectOrphansInput{DryRun: true},
	api.ExamineCluster:  api.ExamineClusterInput{},
	api.ListConcerns:    api.ListConcernsInput{},
}

var exampleRole = "etcd_node"

// exampleNames in the order people meet them; other operations follow.
var exampleNames = withOthers([]string{
	api.PublishApp, api.ListApps, api.CreateCluster, api.DescribeCluster, api.ListClusters, api.AddNodes, api.DeleteNodes,
	api.ScaleVertical, api.UpdateEnv, api.RunService, api.RestartCluster, api.StopCluster, api.StartCluster, api.UpgradeCluster,
	api.DowngradeCluster, api.DeleteCluster, api.ExamineCluster, api.RepairCluster, api.ListOrphans, api.RetryOrphans, api.CollectOrphans,
	api.BackupCluster, api.ListBackups, api.RestoreCluster, api.RestoreInPlace, api.VerifyBackup, api.DeleteBackup,
	api.ListProviders, api.ListHosts, api.ListConcerns,
})

func withOthers(names []string) []string {
	for _, name := range slices.Sorted(maps.Keys(api.Inputs)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (a *app) example() *cobra.Command {
	var id, ui string
	c := &cobra.Command{
		Use:   "example OPERATION",
		Short: "Show how to start an operation without drover: input, temporal command, UI link",
		Long: `Show how to start an operation without drover: the input JSON, the temporal command line, and
the link to the Temporal UI's start form. Nothing is started.

Operations:
  ` + strings.Join(exampleNames, "\n  "),
		Example:   "  drover example CreateCluster\n  drover example DeleteCluster --id cl-a1b2c3d4",
		Args:      exactly("OPERATION"),
		ValidArgs: exampleNames,
	}
	c.Flags().StringVar(&id, "id", "", "cluster id (default: a new one)")
	c.Flags().StringVar(&ui, "ui", "", "base URL of the Temporal UI (default: DROVER_UI, else port 8233 on Temporal's host)")
	c.RunE = a.run(func(_ context.Context, args []string) (output.Output, error) {
		name, err := exampleName(args[0])
		if err != nil {
			return output.Output{}, err
		}
		if id == "" {
			id = a.NewClusterID()
		}
		if err := clusterArg(id); err != nil {
			return output.Output{}, err
		}
		if err := a.needsTemporal("example", "it prints an input for Temporal's own UI"); err != nil {
			return output.Output{}, err
		}
		options, err := a.target.Temporal()
		if err != nil {
			return output.Output{}, err
		}
		base := a.uiBase(ui)
		if base == "" {
			base = uiOf(options.HostPort)
		}
		e, err := newExample(name, id, options.Namespace, base)
		if err != nil {
			return output.Output{}, err
		}
		return e.output()
	})
	return c
}

// exampleName takes CreateCluster, createcluster, create-cluster and create_cluster.
func exampleName(word string) (string, error) {
	plain := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(word))
	for _, name := range exampleNames {
		if strings.ToLower(name) == plain {
			return name, nil
		}
	}
	return "", fault.New(fault.Invalid, "unknown operation %q", word).WithHint("use one of %s", strings.Join(exampleNames, ", "))
}

func newExample(name, id, namespace, ui string) (*exampleValue, error) {
	e := &exampleValue{Operation: name, TaskQueue: api.TaskQueue, Input: exampleInputs[name]}
	if e.Input == nil {
		e.Input = api.Inputs[name]
	}
	switch in := e.Input.(type) {
	case api.PublishAppInput:
		e.WorkflowID = "app/" + in.App + "/" + in.Version
	case api.DescribeClusterInput:
		in.ClusterID = id
		e.Input, e.WorkflowID = in, readID(name)
	case api.ListClustersInput, api.ListAppsInput, api.ListOrphansInput, api.ListProvidersInput, api.ListHostsInput, api.ListBackupsInput, api.ListConcernsInput:
		e.WorkflowID = readID(name)
	case api.ExamineClusterInput:
		in.ClusterID = id
		e.Input, e.WorkflowID = in, readID(name)
	case api.RetryOrphansInput:
		e.WorkflowID = "orphans/now"
	case api.CollectOrphansInput:
		in.ClusterID = id
		e.Input, e.WorkflowID = in, "orphans/collect/"+id
	default: // the rest changes a cluster
		e.WorkflowID = api.WorkflowID(id)
	}
	input, err := json.Marshal(e.Input)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "cannot encode the example")
	}
	e.Command = strings.Join([]string{
		"temporal workflow start",
		"--namespace " + api.ShellWord(namespace),
		"--type " + name,
		"--task-queue " + api.TaskQueue,
		"--workflow-id " + api.ShellWord(e.WorkflowID),
		"--id-conflict-policy Fail",
		"--input " + api.ShellWord(string(input)),
	}, " \\\n  ")
	query := url.Values{"workflowId": {e.WorkflowID}, "taskQueue": {e.TaskQueue}, "workflowType": {name}}
	e.UI = fmt.Sprintf("%s/namespaces/%s/workflows/start-workflow?%s", ui, url.PathEscape(namespace), query.Encode())
	return e, nil
}

func readID(name string) string { return "read/" + strings.ToLower(name) }

func (e *exampleValue) output() (output.Output, error) {
	input, err := json.MarshalIndent(e.Input, "", "  ")
	if err != nil {
		return output.Output{}, fault.Wrap(err, fault.Internal, "cannot encode the example")
	}
	return output.Output{Value: e, Blocks: []output.Block{
		output.Lines{"Input:", "", string(input)},
		output.Lines{"Command:", "", e.Command},
		output.Lines{"Temporal UI (paste the input there):", "", e.UI},
	}}, nil
}
