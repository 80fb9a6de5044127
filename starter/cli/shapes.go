package cli

import (
	"encoding/json"

	"drover/client"
	"drover/metrics"
	"drover/starter/output"
	"drover/workflows/api"
)

// Shape is what some commands print with -o json: one of Values. tools/docs writes a schema of each to docs/json, and the tests
// of this package compare every output with it.
type Shape struct {
	Name     string // of the schema
	What     string
	Commands []string // without "drover"
	Values   []any
	// Lines: a value per line, while the command runs.
	Lines bool
}

// operating are the commands that start an operation; those of `drover plan` are the same.
var operating = []string{
	"create", "delete", "add-nodes", "delete-nodes", "scale", "upgrade", "downgrade", "start", "stop", "restart", "repair", "env set",
	"backup create", "backup restore", "backup verify", "backup delete", "recover", "cease",
}

// Shapes are all that -o json prints, in the order of the documentation.
func Shapes() []Shape {
	var plans []string
	for _, c := range append(append([]string{}, operating...), "run") {
		plans = append(plans, "plan "+c)
	}
	return []Shape{
		{Name: "clusters", What: "the clusters", Commands: []string{"list", "bin"}, Values: []any{clusterList{}}},
		{Name: "status", What: "the cluster and its running or last operation, each null when it is not known", Commands: []string{"status"}, Values: []any{statusValue{}}},
		{Name: "nodes", What: "the nodes of a cluster", Commands: []string{"nodes"}, Values: []any{List[api.NodeView]{}}},
		{Name: "operations", What: "the operations of a cluster and the commands of operators; with NUMBER one of them and its commands", Commands: []string{"ops"}, Values: []any{List[client.Operation]{}, opValue{}}},
		{Name: "logs", What: "the commands of an operation with their output", Commands: []string{"logs"}, Values: []any{logList{}}},
		{Name: "log-line", What: "a part of a command's output", Commands: []string{"logs --follow"}, Values: []any{api.CommandLog{}}, Lines: true},
		{Name: "watch-line", What: "the operation as it is", Commands: []string{"watch"}, Values: []any{watchLine{}}, Lines: true},
		{Name: "doctor", What: "the examined clusters, and the number of findings", Commands: []string{"doctor"}, Values: []any{doctorValue{}}},
		{Name: "orphans", What: "the orphan ledger; with --collect the resources that no record contains", Commands: []string{"orphans"}, Values: []any{orphansValue{}, api.CollectedOrphans{}}},
		{Name: "concerns", What: "what needs attention", Commands: []string{"concerns"}, Values: []any{concernList{}}},
		{Name: "providers", What: "the providers of the worker", Commands: []string{"providers"}, Values: []any{List[api.ProviderView]{}}},
		{Name: "hosts", What: "the machines of the host inventory", Commands: []string{"hosts list", "hosts check"}, Values: []any{List[api.HostView]{}}},
		{Name: "values", What: "the values in force of a cluster; with KEY one of them", Commands: []string{"env get"}, Values: []any{api.ClusterValues{}, api.Setting{}}},
		{Name: "operation", What: "the result of an operation; with --no-wait what was started", Commands: operating, Values: []any{plannedValue{}, client.Started{}}},
		{Name: "run", What: "the result and the output of each command; with --no-wait what was started, with --dry-run a plan", Commands: []string{"run"}, Values: []any{ranValue{}, api.OperationResult{}, client.Started{}}},
		{Name: "exec", What: "how the command ended, with its output", Commands: []string{"exec"}, Values: []any{api.Executed{}}},
		{Name: "ssh", What: "with --print the command line that logs in to a node", Commands: []string{"ssh"}, Values: []any{sshValue{}}},
		{Name: "plan", What: "the result of a dry run: its `plan` has the steps; `files` has the files that change, for env set, scale and upgrade", Commands: plans, Values: []any{plannedValue{}}},
		{Name: "cancel", What: "the cancelled operation; the result of one that ended before the cancel reached it", Commands: []string{"cancel"}, Values: []any{client.Operation{}, api.OperationResult{}}},
		{Name: "resolve", What: "the resolved step", Commands: []string{"resolve"}, Values: []any{resolveValue{}}},
		{Name: "details", What: "name, labels, protection, time in the recycle bin, maintenance and healing of a cluster", Commands: []string{
			"rename", "label", "protect", "unprotect", "keep", "maintenance", "heal",
		}, Values: []any{api.ClusterDetails{}}},
		{Name: "backups", What: "the backups", Commands: []string{"backup list"}, Values: []any{List[api.BackupView]{}}},
		{Name: "backup", What: "one backup with its parts", Commands: []string{"backup show", "backup export", "backup import"}, Values: []any{api.BackupView{}}},
		{Name: "schedule", What: "the schedule of a cluster's backups, and what became of its last windows", Commands: []string{
			"backup schedule show", "backup schedule pause", "backup schedule resume", "backup schedule remove",
		}, Values: []any{client.Schedule{}, scheduleRemoved{}}},
		{Name: "apps", What: "the published applications", Commands: []string{"apps list"}, Values: []any{List[api.AppView]{}}},
		{Name: "app", What: "the published version; of unpublish what it was", Commands: []string{"apps publish", "apps yank", "apps unpublish"}, Values: []any{api.AppView{}}},
		{Name: "app-detail", What: "settings and services of a version", Commands: []string{"apps show"}, Values: []any{api.AppDetail{}}},
		{Name: "lint", What: "errors and warnings of a package", Commands: []string{"lint"}, Values: []any{linted{}}},
		{Name: "render", What: "cluster.json; with --node the files of a node", Commands: []string{"render"}, Values: []any{rendered{}, nodeFiles{}}},
		{Name: "package-new", What: "the files of the new package", Commands: []string{"package new"}, Values: []any{scaffolded{}}},
		{Name: "package-test", What: "the steps of the test, and the services whose second run failed", Commands: []string{"package test"}, Values: []any{trialValue{}}},
		{Name: "example", What: "input, command and link that start an operation", Commands: []string{"example"}, Values: []any{exampleValue{}}},
		{Name: "dashboard", What: "a dashboard in Grafana's JSON model", Commands: []string{"metrics dashboard"}, Values: []any{metrics.Dashboard{}}},
		{Name: "rules", What: "alert rules", Commands: []string{"metrics rules"}, Values: []any{metrics.Rules{}}},
		{Name: "schema", What: "a JSON schema", Commands: []string{"package schema"}, Values: []any{json.RawMessage{}}},
		{Name: "key", What: "the file and the id of a payload key", Commands: []string{"keygen"}, Values: []any{keyMade{}}},
		{Name: "backup-key", What: "the file of a key of backups", Commands: []string{"backup keygen"}, Values: []any{backupKeyMade{}}},
		{Name: "version", What: "versions", Commands: []string{"version"}, Values: []any{versions{}}},
		{Name: "error", What: "why a command failed, on standard error", Values: []any{output.Problem{}}},
	}
}
