package server

import (
	"reflect"

	wire "drover/console/api"
	"drover/workflows/api"
)

func typeOf(v any) reflect.Type { return reflect.TypeOf(v) }

// Inputs and answers of the routes; those that others embed are exported, since the framework looks into no other.
type (
	Paging struct {
		Cursor string `query:"cursor" maxLength:"256" doc:"next of the page before"`
		Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	}
	nothing struct{}

	ClusterPath struct {
		ID string `path:"id" pattern:"^cl-[a-z0-9]{8}$" doc:"Cluster id"`
	}
	OperationPath struct {
		ID string `path:"id" maxLength:"128" doc:"Operation id"`
	}
	body[T any] struct{ Body T }

	clustersInput struct {
		Paging
		State   []string `query:"state" doc:"Only clusters in one of these states"`
		App     []string `query:"app" doc:"Only clusters of these applications"`
		Label   []string `query:"label" doc:"Only clusters with all of these labels, key=value or key"`
		Search  string   `query:"q" maxLength:"100" doc:"Only clusters whose id, name, application, version or reason contains the text"`
		Held    bool     `query:"held" doc:"Only clusters with a step that waits for a decision"`
		Running bool     `query:"running" doc:"Only clusters with a running operation"`
		Health  bool     `query:"health" doc:"Ask the agents of all nodes for their health; it may take 20 s"`
		Sort    string   `query:"sort" enum:"cluster,name,app,state,nodes,age,-cluster,-name,-app,-state,-nodes,-age" default:"cluster"`
	}
	clusterInput struct {
		ClusterPath
		Agents bool `query:"agents" doc:"Ask the agent of every node for its revision and health; each may take 3 s"`
	}
	editInput struct {
		ClusterPath
		Body api.EditClusterInput
	}
	currentInput struct {
		ClusterPath
		All bool `query:"all" doc:"Also a dry run or a refusal"`
	}
	logsInput struct {
		ClusterPath
		Body api.ReadLogsInput
	}
	commandsInput struct {
		ClusterPath
		Limit int `query:"limit" minimum:"1" maximum:"500" default:"20"`
	}
	execInput struct {
		ClusterPath
		Body api.ExecCommandInput
	}
	BackupPath struct {
		ID string `path:"id" pattern:"^s-[a-z0-9]{8}$" doc:"Backup id"`
	}
	backupsInput struct {
		Cluster string `query:"cluster" pattern:"^cl-[a-z0-9]{8}$" doc:"Only backups of this cluster"`
	}
	restoreInput struct {
		BackupPath
		Once
		Body wire.Restore
	}
	verifyInput struct {
		BackupPath
		Once
		Body wire.Verify
	}
	targetInput struct {
		BackupPath
		Body wire.Target
	}
	Once struct {
		DryRun bool   `query:"dry_run" doc:"Answer the plan and change nothing"`
		Key    string `header:"Idempotency-Key" maxLength:"128" doc:"The same key gives the same operation, also after its end"`
	}
	createInput struct {
		Once
		Body wire.Create
	}
	startInput struct {
		ClusterPath
		Once
		Body StartBody
	}
	// started is 202 with the operation, or 200 with a plan.
	started struct {
		Status   int
		Location string `header:"Location"`
		Body     wire.Operation
	}
	historyInput struct {
		ClusterPath
		All   bool `query:"all" doc:"Also dry runs and refusals"`
		Limit int  `query:"limit" minimum:"1" maximum:"500" default:"20"`
	}
	LastEvent struct {
		Last string `header:"Last-Event-ID" maxLength:"128" doc:"Id of the last event that was received"`
	}
	clusterEvents struct {
		ClusterPath
		LastEvent
	}
	operationEvents struct {
		OperationPath
		LastEvent
	}
	resolveInput struct {
		OperationPath
		Body api.Resolution
	}
	Upload struct {
		RawBody []byte `contentType:"application/octet-stream"`
	}
	publishInput struct {
		App     string `query:"app" required:"true" maxLength:"63"`
		Version string `query:"version" required:"true" maxLength:"63"`
		Replace bool   `query:"replace" doc:"Give a published version other content; refused while a cluster or a backup uses it"`
		Upload
	}
	appPath struct {
		App string `path:"app" maxLength:"63"`
	}
	VersionPath struct {
		App     string `path:"app" maxLength:"63"`
		Version string `path:"version" maxLength:"63"`
	}
	yankInput struct {
		VersionPath
		Body wire.Yank
	}
	orphansInput struct {
		Cluster string `query:"cluster" pattern:"^cl-[a-z0-9]{8}$"`
	}
	concernsInput struct {
		Cluster string `query:"cluster" pattern:"^cl-[a-z0-9]{8}$" doc:"Only this cluster"`
	}
	collectInput struct {
		ClusterPath
		Body wire.Collect
	}
	hostsInput struct {
		Provider string `query:"provider" maxLength:"63"`
	}
	hostsCheckInput struct{ Body wire.HostsCheck }
	logInInput      struct{ Body wire.LogIn }
	loggedOut       struct {
		SetCookie string `header:"Set-Cookie"`
	}
	sessionAnswer struct {
		SetCookie string `header:"Set-Cookie"`
		Body      wire.Session
	}
	tokenInput   struct{ Body wire.NewToken }
	tokenIDInput struct {
		ID string `path:"id" maxLength:"64"`
	}
	auditInput struct {
		Paging
		Cluster string `query:"cluster" pattern:"^cl-[a-z0-9]{8}$"`
		User    string `query:"user" maxLength:"200"`
	}
)
