package lifecycle

import (
	"slices"

	"drover/fault"
)

// OwnedBy refuses an operation's run that the control record does not name: another operation has begun since, or the
// record was restored from a backup. Whatever such a run still wants to write or to run is not written and not run.
func (r *Record) OwnedBy(run string) error {
	if r.Operation.RunID == run {
		return nil
	}
	return fault.New(fault.Conflict, "the control record of cluster %s belongs to %s (operation %d, run %s), not to run %s",
		r.ClusterID, r.Operation.Type, r.Operation.Seq, r.Operation.RunID, run).At(r.ClusterID, "", "").
		WithHint("another operation has begun since, or the record was restored from a backup: drover doctor %s", r.ClusterID)
}

// Damaged is the finding about a control record that cannot be read.
func Damaged(err error) Finding {
	f := fault.As(err)
	return Finding{Where: "record", What: f.Message, Advice: f.Hint}
}

// Described is the record without what operations write about themselves while they run and when they end: what grows with
// the cluster.
func (r *Record) Described() *Record {
	out := *r
	out.State, out.Reason, out.EverActive, out.PoweredOff, out.Revision, out.UpgradeFrom = "", "", false, false, 0, ""
	out.Operation = Operation{}
	out.Adding, out.Deleting, out.VerticalScaling, out.Releasing, out.Open = nil, nil, nil, nil, nil
	out.Nodes = slices.Clone(r.Nodes)
	for i := range out.Nodes {
		n := &out.Nodes[i]
		n.NextInstanceID, n.Was, n.AgentOn, n.AgentHas, n.HasToken = "", nil, "", "", false
	}
	return &out
}
