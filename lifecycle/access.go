package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Access is what the nodes of a cluster may read: their own metadata and that of the clusters it links to, with a token
// of that secret.
type Access struct {
	ClusterID string
	Secret    string
	Links     []string // ids of linked clusters
}

// AccessOf is what a record grants its nodes.
func AccessOf(r *Record) Access {
	a := Access{ClusterID: r.ClusterID, Secret: r.ConsulToken}
	for _, links := range r.links() {
		for _, id := range links {
			if id != "" && id != r.ClusterID {
				a.Links = append(a.Links, id)
			}
		}
	}
	slices.Sort(a.Links)
	a.Links = slices.Compact(a.Links)
	return a
}

// Mark is in the names of all that is granted with a secret, and does not disclose it. A cluster that is created again under
// an id has another secret, so the remains of the former one differ by their mark.
func (a Access) Mark() string {
	sum := sha256.Sum256([]byte(a.Secret))
	return hex.EncodeToString(sum[:6])
}

// Grant is a policy or a token of a cluster as Consul has it.
type Grant struct {
	ClusterID string
	Mark      string
	Kind      GrantKind
	ID        string // Consul's own, never used again
}

// GrantKind says what a grant is.
type GrantKind string

// Kinds of grants, in the order in which they are revoked.
const (
	GrantToken  GrantKind = "token"
	GrantPolicy GrantKind = "policy"
)

// Strays are the grants of clusters without a record, and those that a record's secret was not granted with.
func Strays(granted []Grant, records []*Record) []Grant {
	marks := make(map[string]string, len(records))
	unreadable := map[string]bool{}
	for _, r := range records {
		unreadable[r.ClusterID] = r.State == Unreadable
		if r.ConsulToken != "" {
			marks[r.ClusterID] = AccessOf(r).Mark()
		}
	}
	return slices.DeleteFunc(slices.Clone(granted), func(g Grant) bool {
		mark, granted := marks[g.ClusterID]
		return unreadable[g.ClusterID] || granted && mark == g.Mark
	})
}

// AccessSight is what Consul knows of a cluster's access.
type AccessSight struct {
	// On: workers give each cluster a token of its own here.
	On            bool
	Policy, Token GrantSight
}

// Granted says whether there is anything of it.
func (a AccessSight) Granted() bool { return a.Policy.Standing != Absent || a.Token.Standing != Absent }

// GrantSight is a policy or a token.
type GrantSight struct {
	ID string // what Consul calls it
	Standing
}

// Standing compares what is there with what should be.
type Standing string

// Standings.
const (
	Absent Standing = ""
	Right  Standing = "right"
	Wrong  Standing = "wrong"
)

const grantedAgain = "a worker restores it automatically: at its start, every ten minutes, and with every operation that publishes metadata"

// access: the nodes may read what they need, and nothing is left of a cluster that is gone.
func (d *diagnosis) access() {
	a := d.Access
	if !a.On {
		return
	}
	for _, g := range []struct {
		kind  string
		sight GrantSight
	}{{"policy", a.Policy}, {"token", a.Token}} {
		switch {
		case d.Record == nil && g.sight.Standing != Absent:
			d.add(Finding{Where: "access", Repair: d.collect()}, "the cluster has no record, but Consul has its %s %s", g.kind, g.sight.ID)
		case d.Record == nil || d.Record.ConsulToken == "":
		case g.sight.Standing == Absent:
			d.addRepaired(whole, Finding{Where: "access", Advice: grantedAgain}, "%s %s, required by nodes to read their metadata, is missing in Consul", g.kind, g.sight.ID)
		case g.sight.Standing == Wrong:
			d.addRepaired(whole, Finding{Where: "access", Advice: grantedAgain}, "%s %s in Consul differs from the one of the nodes", g.kind, g.sight.ID)
		}
	}
	if d.Record == nil || d.Record.State != Active {
		return
	}
	without := 0
	for _, n := range d.Record.Nodes {
		if role, ok := d.Record.Spec.Role(n.Role); ok && role.AgentInstalled && !n.HasToken {
			without++
		}
	}
	if without > 0 {
		d.addRepaired(whole, Finding{Where: "access", Advice: "the next operation that changes the metadata of nodes repairs it too"},
			"%d nodes have no Consul token of their own: they were started before Drover issued tokens", without)
	}
}
