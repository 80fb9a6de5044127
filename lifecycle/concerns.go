package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kinds of concerns.
const (
	ConcernCluster   = "cluster-failed"    // failed, upgrade_failed or unreadable
	ConcernUnhealthy = "node-unhealthy"    // the health check fails
	ConcernGone      = "node-gone"         // the agent is silent
	ConcernTemplate  = "template-failing"  // a template or reload command fails on a node
	ConcernHeld      = "operation-held"    // a step waits for an operator
	ConcernBrake     = "healing-braked"    // too many nodes became bad together: nothing is healed
	ConcernStopped   = "operation-failed"  // the last operation failed, and left the cluster stopped
	ConcernOrphan    = "orphan"            // a resource is not released
	ConcernBackup    = "backup-unverified" // the newest backup was never restored as a test
	ConcernVerify    = "backup-broken"     // it was, and failed; or its entry cannot be read
)

// ConcernKinds are all kinds, the gravest first: the order of a list.
var ConcernKinds = []string{
	ConcernCluster, ConcernStopped, ConcernBrake, ConcernGone, ConcernUnhealthy, ConcernHeld, ConcernVerify, ConcernTemplate, ConcernOrphan, ConcernBackup,
}

// Concern is something about a cluster that a person has to know.
type Concern struct {
	Kind      string
	ClusterID string
	Node      string // node id, or empty
	What      string
	Since     string // RFC 3339, UTC
	Repair    string // the command that mends it
}

// Watched is what is known of a cluster at one moment.
type Watched struct {
	ClusterID string
	State     State
	Reason    string
	Operation Operation // State is running, held or undoing while it has not ended
	Step      string
	StepSince string
	// Brake is why nothing is healed, since BrakeSince.
	Brake, BrakeSince string
	Nodes             []WatchedNode
}

// WatchedNode is what is known of a node.
type WatchedNode struct {
	ID, Label      string
	Health, Reason string
	Since          string
	// Helpless: healing has tried every permitted level.
	Helpless     bool
	Failing      []string
	FailingSince string
}

// unverifiedFor is how old the newest backup of a cluster may be without a verification.
const unverifiedFor = 24 * time.Hour

// Concerns are those of one cluster, the gravest first. orphans and backups may be of other clusters too.
func Concerns(w Watched, orphans []Orphan, backups []Backup, now time.Time) []Concern {
	c := concerns{id: w.ClusterID}
	c.cluster(w)
	c.nodes(w)
	for _, o := range orphans {
		if o.ClusterID == w.ClusterID {
			c.add(Concern{Kind: ConcernOrphan, Node: o.NodeID, Since: o.Since, Repair: "drover orphans --retry"},
				"%s is not released, after %d attempts", o, o.Attempts)
		}
	}
	c.backups(backups, now)
	slices.SortStableFunc(c.list, func(x, y Concern) int {
		return cmp.Or(slices.Index(ConcernKinds, x.Kind)-slices.Index(ConcernKinds, y.Kind), strings.Compare(x.Since, y.Since))
	})
	return c.list
}

type concerns struct {
	id   string
	list []Concern
}

func (c *concerns) add(x Concern, what string, args ...any) {
	x.ClusterID, x.What = c.id, fmt.Sprintf(what, args...)
	c.list = append(c.list, x)
}

func (c *concerns) cluster(w Watched) {
	repair := map[State]string{
		Failed: "drover delete " + w.ClusterID, UpgradeFailed: "drover downgrade " + w.ClusterID, Unreadable: "drover doctor " + w.ClusterID,
	}[w.State]
	if repair != "" {
		reason := ""
		if w.Reason != "" {
			reason = ": " + w.Reason
		}
		c.add(Concern{Kind: ConcernCluster, Since: w.Operation.StartedAt, Repair: repair}, "the cluster is %s%s", w.State, reason)
	}
	if w.State == Stopped && w.Operation.State == "failed" {
		c.add(Concern{Kind: ConcernStopped, Since: w.Operation.StartedAt, Repair: "drover start " + w.ClusterID}, "%s failed and left the cluster stopped: %s", w.Operation.Type, w.Reason)
	}
	if w.Operation.State == "held" {
		c.add(Concern{Kind: ConcernHeld, Since: w.StepSince, Repair: "drover resolve " + w.ClusterID + " --retry, --skip or --abort"},
			"%s is held at %s", w.Operation.Type, w.Step)
	}
}

// nodes: what an operation does with them meanwhile, or what a stopped cluster does not run, is left out.
func (c *concerns) nodes(w Watched) {
	if w.State != Active || w.Operation.State == OperationRunning || w.Operation.State == "undoing" {
		return
	}
	if w.Brake != "" {
		c.add(Concern{Kind: ConcernBrake, Since: w.BrakeSince, Repair: "drover doctor " + c.id}, "nothing is healed: %s", w.Brake)
	}
	for _, n := range w.Nodes {
		if n.Helpless {
			n.Reason += "; healing has tried what the cluster's policy permits"
		}
		switch n.Health {
		case Gone:
			c.add(Concern{Kind: ConcernGone, Node: n.ID, Since: n.Since, Repair: fmt.Sprintf("drover repair %s --nodes %s", c.id, n.ID)}, "%s is gone: %s", n.Label, n.Reason)
			continue
		case Unhealthy:
			c.add(Concern{Kind: ConcernUnhealthy, Node: n.ID, Since: n.Since, Repair: fmt.Sprintf("drover repair %s --nodes %s", c.id, n.ID)}, "%s is unhealthy: %s", n.Label, n.Reason)
		}
		if len(n.Failing) > 0 {
			c.add(Concern{Kind: ConcernTemplate, Node: n.ID, Since: n.FailingSince, Repair: "drover doctor " + c.id}, "%s fails: %s", n.Label, strings.Join(n.Failing, "; "))
		}
	}
}

// backups: the newest point is the one that would be restored.
func (c *concerns) backups(all []Backup, now time.Time) {
	var newest *Backup
	for i := range all {
		b := &all[i]
		switch {
		case b.Problem != "" && b.ClusterID == c.id:
			c.add(Concern{Kind: ConcernVerify, Since: b.CreatedAt, Repair: "drover backup import " + b.ID}, "backup %s cannot be used: %s", b.ID, b.Problem)
		case b.ClusterID == c.id && b.State == BackupWhole && (newest == nil || b.CreatedAt > newest.CreatedAt):
			newest = b
		}
	}
	if newest == nil {
		return
	}
	since := cmp.Or(newest.CompletedAt, newest.CreatedAt)
	repair := "drover backup verify " + newest.ID
	if v := newest.Verified; v != nil {
		if v.Problem != "" {
			c.add(Concern{Kind: ConcernVerify, Since: v.At, Repair: repair}, "backup %s did not pass its verification: %s", newest.ID, v.Problem)
		}
		return
	}
	if at, err := time.Parse(time.RFC3339, since); err == nil && now.Sub(at) >= unverifiedFor {
		c.add(Concern{Kind: ConcernBackup, Since: since, Repair: repair}, "backup %s, the newest one, was never verified", newest.ID)
	}
}
