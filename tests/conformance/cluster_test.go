package conformance

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drover/activities"
	"drover/fault"
	"drover/providers"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// operationLimit is how long one operation may take before a test gives it up.
const operationLimit = 2 * time.Minute

// cluster is one cluster of a traced application.
type cluster struct {
	t   *testing.T
	id  string
	rec *recording
}

// newCluster chooses an id and listens to its commands. When the test ends, whatever is there is deleted.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, id: "cl-" + activities.RandomID()}
	c.rec = collected.record(c.id)
	t.Cleanup(func() {
		c.rec.letAllPass()
		left, err := machines.List(context.Background(), c.id)
		if err != nil || len(left.Instances)+len(left.Volumes) == 0 {
			return
		}
		ctx, done := context.WithTimeout(context.Background(), operationLimit)
		defer done()
		_ = temporals.CancelWorkflow(ctx, api.WorkflowID(c.id), "")
		_ = temporals.GetWorkflow(ctx, api.WorkflowID(c.id), "").Get(ctx, nil)
		if run, err := begin(ctx, api.WorkflowID(c.id), api.DeleteCluster, api.DeleteClusterInput{}); err == nil {
			err = run.Get(ctx, nil)
			if err != nil {
				t.Errorf("%s could not be deleted: %v", c.id, err)
			}
		}
	})
	return c
}

// create publishes an application as version 1 and makes a cluster of it.
func create(t *testing.T, a *tracedApp, in api.CreateClusterInput, plan ...string) *cluster {
	t.Helper()
	a.publish(t, "1")
	c := newCluster(t)
	in.App = a.id
	c.run(api.CreateCluster, in, plan...)
	return c
}

func begin(ctx context.Context, id, operation string, in any) (client.WorkflowRun, error) {
	return temporals.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: api.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, operation, in)
}

// execute runs a workflow to its end.
func execute[R any](t *testing.T, id, operation string, in any) (R, error) {
	t.Helper()
	ctx, done := context.WithTimeout(t.Context(), operationLimit)
	defer done()
	var result R
	run, err := begin(ctx, id, operation, in)
	require.NoError(t, err, operation)
	err = run.Get(ctx, &result)
	require.NoError(t, ctx.Err(), "%s did not end within %s", operation, operationLimit)
	return result, err
}

// run is an operation that must succeed and run exactly these groups of commands.
func (c *cluster) run(operation string, in any, plan ...string) api.OperationResult {
	c.t.Helper()
	c.rec.expect(groupsOf(c.t, plan))
	result, err := execute[api.OperationResult](c.t, api.WorkflowID(c.id), operation, in)
	verdict := c.rec.verdict()
	require.NoError(c.t, err, "%s of %s\n%s", operation, c.id, strings.Join(verdict, "\n"))
	require.Empty(c.t, verdict, "%s of %s\n%s", operation, c.id, strings.Join(verdict, "\n"))
	return result
}

// fails is an operation that must fail after exactly these groups of commands.
func (c *cluster) fails(operation string, in any, plan ...string) fault.Fault {
	c.t.Helper()
	c.rec.expect(groupsOf(c.t, plan))
	_, err := execute[api.OperationResult](c.t, api.WorkflowID(c.id), operation, in)
	verdict := c.rec.verdict()
	require.Error(c.t, err, "%s of %s\n%s", operation, c.id, strings.Join(verdict, "\n"))
	f := faultOf(c.t, err)
	require.Empty(c.t, verdict, "%s of %s: %s\n%s", operation, c.id, f.Error(), strings.Join(verdict, "\n"))
	return f
}

// cancelled is an operation that is cancelled when a command of that name runs, and must end as cancelled after exactly
// these groups of commands.
func (c *cluster) cancelled(operation string, in any, when string, plan ...string) {
	c.t.Helper()
	var once sync.Once
	c.rec.hook(when, func(ctx context.Context, _ *begun, _ *tracer.Answer) {
		first := false
		once.Do(func() { first = temporals.CancelWorkflow(context.Background(), api.WorkflowID(c.id), "") == nil })
		if first {
			<-ctx.Done()
		}
	})
	defer c.rec.hook(when, nil)
	c.rec.expect(groupsOf(c.t, plan))
	_, err := execute[api.OperationResult](c.t, api.WorkflowID(c.id), operation, in)
	verdict := c.rec.verdict()
	require.True(c.t, temporal.IsCanceledError(err), "%v\n%s", err, strings.Join(verdict, "\n"))
	require.Empty(c.t, verdict, "%s of %s\n%s", operation, c.id, strings.Join(verdict, "\n"))
}

func faultOf(t *testing.T, err error) fault.Fault {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	var f fault.Fault
	require.NoError(t, app.Details(&f), err)
	return f
}

// walked are the ids of the steps of the last operation, in order, equal neighbours once.
func (c *cluster) walked() string {
	c.t.Helper()
	var ids []string
	for _, s := range c.progress().Steps {
		if s.State == api.StepSkipped || s.State == api.StepPending {
			continue
		}
		ids = append(ids, s.ID)
	}
	return strings.Join(slices.Compact(ids), " ")
}

func (c *cluster) progress() api.Progress {
	c.t.Helper()
	answer, err := temporals.QueryWorkflow(c.t.Context(), api.WorkflowID(c.id), "", api.QueryProgress)
	require.NoError(c.t, err)
	var p api.Progress
	require.NoError(c.t, answer.Get(&p))
	return p
}

// view is what operators see of the cluster.
func (c *cluster) view() api.ClusterView {
	c.t.Helper()
	view, err := execute[api.ClusterView](c.t, "read/"+activities.RandomID(), api.DescribeCluster, api.DescribeClusterInput{ClusterID: c.id, Agents: true})
	require.NoError(c.t, err)
	return view
}

// state is the cluster's state.
func (c *cluster) state() string {
	c.t.Helper()
	return c.view().State
}

// nodes are the nodes by "role/sid".
func (c *cluster) nodes() map[string]api.NodeView {
	c.t.Helper()
	out := map[string]api.NodeView{}
	for _, n := range c.view().Nodes {
		out[label(n)] = n
	}
	return out
}

// ids are the node ids of "role/sid role/sid ...".
func (c *cluster) ids(labels string) []string {
	c.t.Helper()
	nodes := c.nodes()
	var ids []string
	for _, l := range strings.Fields(labels) {
		require.Contains(c.t, nodes, l)
		ids = append(ids, nodes[l].NodeID)
	}
	return ids
}

// published is what the cluster's tree in Consul says, as sees writes it.
func (c *cluster) published() string {
	c.t.Helper()
	return sees(c.tree())
}

// tree are the keys all nodes of the cluster share.
func (c *cluster) tree() map[string]string {
	c.t.Helper()
	prefix := "drover/clusters/" + c.id + "/self"
	keys := map[string]string{}
	for key, value := range consul(c.t, prefix) {
		keys[strings.TrimPrefix(key, prefix)] = value
	}
	return keys
}

// consul reads everything below a prefix.
func consul(t *testing.T, prefix string) map[string]string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, servers.ConsulURL+"/v1/kv/"+prefix+"?recurse", http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotFound {
		return nil
	}
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var pairs []struct{ Key, Value string }
	require.NoError(t, json.Unmarshal(body, &pairs), string(body))
	keys := map[string]string{}
	for _, p := range pairs {
		value, err := base64.StdEncoding.DecodeString(p.Value)
		require.NoError(t, err)
		keys[p.Key] = string(value)
	}
	return keys
}

// resources are the machines and volumes of the cluster.
func (c *cluster) resources() (instances, volumes int) {
	c.t.Helper()
	all, err := machines.List(c.t.Context(), c.id)
	require.NoError(c.t, err)
	return len(all.Instances), len(all.Volumes)
}

// machine is what the provider says of an instance.
func (c *cluster) machine(id string) providers.Instance {
	c.t.Helper()
	all, err := machines.List(c.t.Context(), c.id)
	require.NoError(c.t, err)
	for _, i := range all.Instances {
		if i.ID == id {
			return i
		}
	}
	require.Fail(c.t, "no instance "+id)
	return providers.Instance{}
}

// gone asserts that nothing of the cluster remains anywhere.
func (c *cluster) gone() {
	c.t.Helper()
	all, err := machines.List(c.t.Context(), c.id)
	require.NoError(c.t, err)
	require.Empty(c.t, all.Instances)
	require.Empty(c.t, all.Volumes)
	require.Empty(c.t, all.Networks)
	require.Empty(c.t, consul(c.t, "drover/clusters/"+c.id))
	require.Empty(c.t, consul(c.t, "drover/state/"+c.id))
}

func label(n api.NodeView) string {
	return n.Role + "/" + strconv.Itoa(n.SID)
}

// settled asserts that every node has applied the last revision.
func (c *cluster) settled(step string) {
	c.t.Helper()
	view := c.view()
	for _, n := range view.Nodes {
		require.Equal(c.t, "revision "+strconv.FormatInt(view.Revision, 10), n.Agent, "%s: %s has the last revision", step, label(n))
	}
}
