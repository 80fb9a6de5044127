package client

import (
	"context"
	"strings"

	"drover/fault"
	"drover/workflows/api"
)

// Begin checks a request as far as the client can, and starts it: what cannot succeed is refused before a workflow exists.
func (c *Client) Begin(ctx context.Context, r Request) (*Handle, error) {
	if err := Check(r); err != nil {
		return nil, err
	}
	if err := c.NeedWorker(ctx); err != nil {
		return nil, err
	}
	if r.RequestID != "" {
		if found, err := c.earlier(ctx, r); err != nil || found != nil {
			return c.handle(found), err
		}
	}
	if err := c.Preflight(ctx, r); err != nil {
		return nil, err
	}
	started, err := c.Start(ctx, r)
	return c.handle(started), err
}

// Check returns the Invalid fault of a request that needs no server to be refused, with all problems at once.
func Check(r Request) error {
	var problems []string
	if !api.ValidClusterID(r.ClusterID) {
		problems = append(problems, api.DescribeClusterInput{ClusterID: r.ClusterID}.Problems()...)
	}
	if in, ok := r.Input.(interface{ Problems() []string }); ok {
		problems = append(problems, in.Problems()...)
	}
	if len(problems) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "the request is invalid: %s", strings.Join(problems, "; ")).At(r.ClusterID, "", "")
	f.Problems = problems
	return f
}

func (c *Client) begin(ctx context.Context, operation, id string, input any) (*Handle, error) {
	return c.Begin(ctx, Request{Operation: operation, ClusterID: id, Summary: Summary(operation, id), Input: input})
}

// Summary is the one line that Temporal's web interface shows of an operation: "add nodes cl-a1b2c3d4".
func Summary(operation, id string) string {
	var b strings.Builder
	for i, r := range operation {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.TrimSuffix(strings.ToLower(b.String()), " cluster") + " " + id
}

// CreateCluster creates a cluster under an id of the form cl-xxxxxxxx that is chosen by the caller: creating the same id twice
// is refused.
func (c *Client) CreateCluster(ctx context.Context, id string, in api.CreateClusterInput) (*Handle, error) {
	return c.Begin(ctx, Request{Operation: api.CreateCluster, ClusterID: id, App: in.App, Summary: "create " + in.App + " " + id, Input: in})
}

// DeleteCluster deletes a cluster, unless its package's guard refuses.
func (c *Client) DeleteCluster(ctx context.Context, id string, in api.DeleteClusterInput) (*Handle, error) {
	return c.begin(ctx, api.DeleteCluster, id, in)
}

// AddNodes adds nodes to a role.
func (c *Client) AddNodes(ctx context.Context, id string, in api.AddNodesInput) (*Handle, error) {
	return c.begin(ctx, api.AddNodes, id, in)
}

// DeleteNodes deletes nodes by their ids.
func (c *Client) DeleteNodes(ctx context.Context, id string, in api.DeleteNodesInput) (*Handle, error) {
	return c.begin(ctx, api.DeleteNodes, id, in)
}

// ScaleVertical changes cores, memory and volumes of a role.
func (c *Client) ScaleVertical(ctx context.Context, id string, in api.ScaleVerticalInput) (*Handle, error) {
	return c.begin(ctx, api.ScaleVertical, id, in)
}

// UpgradeCluster changes the version.
func (c *Client) UpgradeCluster(ctx context.Context, id string, in api.UpgradeClusterInput) (*Handle, error) {
	return c.begin(ctx, api.UpgradeCluster, id, in)
}

// DowngradeCluster returns to the version before an upgrade that failed.
func (c *Client) DowngradeCluster(ctx context.Context, id string, in api.DowngradeClusterInput) (*Handle, error) {
	return c.begin(ctx, api.DowngradeCluster, id, in)
}

// StartCluster starts a stopped cluster.
func (c *Client) StartCluster(ctx context.Context, id string, in api.StartClusterInput) (*Handle, error) {
	return c.begin(ctx, api.StartCluster, id, in)
}

// StopCluster stops all services and switches the machines off; data is kept.
func (c *Client) StopCluster(ctx context.Context, id string, in api.StopClusterInput) (*Handle, error) {
	return c.begin(ctx, api.StopCluster, id, in)
}

// RestartCluster restarts the services of all roles or of one.
func (c *Client) RestartCluster(ctx context.Context, id string, in api.RestartClusterInput) (*Handle, error) {
	return c.begin(ctx, api.RestartCluster, id, in)
}

// RunService runs a service of the package.
func (c *Client) RunService(ctx context.Context, id string, in api.RunServiceInput) (*Handle, error) {
	return c.begin(ctx, api.RunService, id, in)
}

// UpdateEnv changes parameters.
func (c *Client) UpdateEnv(ctx context.Context, id string, in api.UpdateEnvInput) (*Handle, error) {
	return c.begin(ctx, api.UpdateEnv, id, in)
}

// RepairCluster makes nodes, metadata and agents agree with the record again.
func (c *Client) RepairCluster(ctx context.Context, id string, in api.RepairClusterInput) (*Handle, error) {
	return c.begin(ctx, api.RepairCluster, id, in)
}

// RecoverCluster brings a deleted cluster back from the recycle bin.
func (c *Client) RecoverCluster(ctx context.Context, id string, in api.RecoverClusterInput) (*Handle, error) {
	return c.begin(ctx, api.RecoverCluster, id, in)
}

// CeaseCluster releases a deleted cluster before its time in the recycle bin is up.
func (c *Client) CeaseCluster(ctx context.Context, id string, in api.CeaseClusterInput) (*Handle, error) {
	return c.begin(ctx, api.CeaseCluster, id, in)
}

// BackupCluster backs a running cluster up to a target.
func (c *Client) BackupCluster(ctx context.Context, id string, in api.BackupClusterInput) (*Handle, error) {
	return c.begin(ctx, api.BackupCluster, id, in)
}

// RestoreCluster makes a new cluster, under an id of the form cl-xxxxxxxx that is chosen by the caller, from a backup.
func (c *Client) RestoreCluster(ctx context.Context, id string, in api.RestoreClusterInput) (*Handle, error) {
	return c.begin(ctx, api.RestoreCluster, id, in)
}

// RestoreInPlace replaces the data of the cluster that a backup was made of.
func (c *Client) RestoreInPlace(ctx context.Context, id string, in api.RestoreInPlaceInput) (*Handle, error) {
	return c.begin(ctx, api.RestoreInPlace, id, in)
}

// VerifyBackup restores a backup into a throw-away cluster, under an id that is chosen by the caller, and compares.
func (c *Client) VerifyBackup(ctx context.Context, id string, in api.VerifyBackupInput) (*Handle, error) {
	return c.begin(ctx, api.VerifyBackup, id, in)
}

// DeleteBackup deletes a backup of a cluster, which need not exist any more.
func (c *Client) DeleteBackup(ctx context.Context, id string, in api.DeleteBackupInput) (*Handle, error) {
	return c.begin(ctx, api.DeleteBackup, id, in)
}
