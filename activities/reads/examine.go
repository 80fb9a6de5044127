package reads

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"drover/activities/internal/bounds"
	"drover/activities/internal/control"
	"drover/activities/internal/ids"
	"drover/activities/internal/ledger"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/specs"
	"drover/workflows/api"
)

// maxFindings keeps an examination within what a workflow may return.
const maxFindings = 100

// ExamineCluster compares record, provider, metadata and agents and reports what does not match. It changes nothing. An operation that begins
// meanwhile would make everything look wrong, so it is looked for last.
func (a *Activities) ExamineCluster(ctx context.Context, in api.ExamineClusterInput) (api.Examination, error) {
	s := lifecycle.Sight{ClusterID: in.ClusterID, Now: a.Now()}
	var err error
	if s.Provider, err = a.atProviders(ctx, in.ClusterID); err != nil {
		return api.Examination{}, err
	}
	s.Record, err = control.Find(ctx, a.Records, in.ClusterID)
	if control.Unreadable(err) {
		return api.Examination{ClusterID: in.ClusterID, State: string(lifecycle.Unreadable), Findings: []api.Finding{api.Finding(lifecycle.Damaged(err))}}, nil
	}
	if err != nil {
		return api.Examination{}, err
	}
	if s.Metadata, err = a.inMetadata(ctx, in.ClusterID, s.Record); err != nil {
		return api.Examination{}, err
	}
	if s.Access, err = a.Tokens.Look(ctx, in.ClusterID, s.Record); err != nil {
		return api.Examination{}, err
	}
	if s.Orphans, err = ledger.OfCluster(ctx, a.Ledger, in.ClusterID); err != nil {
		return api.Examination{}, err
	}
	if s.Record != nil {
		s.Agents = a.onNodes(ctx, s.Record)
		if s.LostLinks, err = a.lostLinks(ctx, s.Record.Spec); err != nil {
			return api.Examination{}, err
		}
	}
	if s.OperationRuns, err = a.OperationRuns.OrRecord(ctx, a.Records, in.ClusterID); err != nil {
		return api.Examination{}, err
	}
	if s.Record == nil && !s.Access.Granted() && len(s.Orphans)+len(s.Provider.Instances)+len(s.Provider.Volumes)+len(s.Metadata.Keys) == 0 {
		return api.Examination{}, fault.New(fault.NotFound, "cluster %s does not exist, and nothing is left of one", in.ClusterID).At(in.ClusterID, "", "")
	}
	out := api.Examination{ClusterID: in.ClusterID, Findings: []api.Finding{}}
	if s.Record != nil {
		out.State, out.Nodes = string(s.Record.State), len(s.Record.Nodes)
	}
	if s.OperationRuns {
		out.Note = "an operation runs: what it changes is not compared"
	}
	found := lifecycle.Diagnose(s)
	for _, f := range found[:min(len(found), maxFindings)] {
		f.What = bounds.Head(f.What, bounds.WarningLimit)
		out.Findings = append(out.Findings, api.Finding(f))
	}
	if more := len(found) - maxFindings; more > 0 {
		out.Note = fmt.Sprintf("%d more findings are not shown", more)
	}
	return out, nil
}

// atProviders asks every provider this worker serves: a cluster may have no record that names one.
func (a *Activities) atProviders(ctx context.Context, clusterID string) (lifecycle.ProviderSight, error) {
	var out lifecycle.ProviderSight
	for _, name := range slices.Sorted(maps.Keys(a.Providers)) {
		resources, err := a.Providers[name].List(ctx, clusterID)
		if ctx.Err() != nil {
			return out, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped looking")
		}
		if err != nil {
			out.Problem = name + ": " + bounds.Reason(err)
			continue
		}
		for _, i := range resources.Instances {
			out.Instances = append(out.Instances, lifecycle.InstanceSight{
				ResourceSight: lifecycle.ResourceSight{Provider: name, ID: i.ID, NodeID: i.Tags.NodeID},
				On:            i.State == providers.Running, HostKey: i.SSH.HostKey, IP: i.IP,
			})
		}
		for _, v := range resources.Volumes {
			out.Volumes = append(out.Volumes, lifecycle.ResourceSight{Provider: name, ID: v.ID, NodeID: v.Tags.NodeID})
		}
	}
	return out, nil
}

func (a *Activities) inMetadata(ctx context.Context, clusterID string, rec *lifecycle.Record) (lifecycle.MetadataSight, error) {
	look, err := a.Trees.Look(ctx, clusterID)
	if err != nil {
		return lifecycle.MetadataSight{}, err
	}
	out := lifecycle.MetadataSight{
		Root: look.Root, Revision: look.Revision, Keys: look.Keys, Operation: look.Operation, HalfWay: look.HalfWay,
	}
	if rec == nil {
		return out, nil
	}
	should, err := metadata.Build(rec)
	if err != nil && rec.EverActive {
		return out, fault.Wrap(err, fault.Internal, "the metadata of %s cannot be made from its record", clusterID)
	}
	out.Should = should
	return out, nil
}

// onNodes asks every agent, also of nodes that are off: the comparison knows which should answer.
func (a *Activities) onNodes(ctx context.Context, rec *lifecycle.Record) map[string]lifecycle.AgentSight {
	var nodes []lifecycle.Node
	for _, n := range rec.Nodes {
		if role, ok := rec.Spec.Role(n.Role); ok && role.AgentInstalled && n.SSH.Addr != "" {
			nodes = append(nodes, n)
		}
	}
	out := map[string]lifecycle.AgentSight{}
	for _, r := range a.statuses(ctx, nodes, false) {
		running := slices.DeleteFunc(r.Value.Running, ids.Executes) // an operator waits for those
		seen := lifecycle.AgentSight{Health: r.Value.Health, Revision: r.Value.Revision, InstanceID: r.Value.InstanceID, Running: running, Waits: lifecycle.RedactCut(r.Value.Waits(), rec.Secrets(&r.Node))}
		if r.Err != nil {
			seen.Problem = bounds.Reason(r.Err)
		}
		out[r.Node.ID] = seen
	}
	return out
}

// lostLinks are the names of links to clusters that are not there.
func (a *Activities) lostLinks(ctx context.Context, spec *specs.Cluster) ([]string, error) {
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(spec.Links)) {
		if spec.Links[name] == "" {
			continue
		}
		rec, err := control.Find(ctx, a.Records, spec.Links[name])
		if err != nil && !control.Unreadable(err) {
			return nil, err
		}
		if rec == nil && err == nil {
			lost = append(lost, name)
		}
	}
	return lost, nil
}
