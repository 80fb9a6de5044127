package lifecycle

import (
	"fmt"
	"slices"
	"time"
)

// Levels of healing, each after the one before did not help. A cluster's policy is the highest that Drover may take by itself.
const (
	HealAction  = "action"  // the package's own action, which the agent takes; Drover does nothing
	HealRestart = "restart" // the package's services are restarted on the node
	HealRepair  = "repair"  // the machine is booted, or made again where the provider has none; then start
	HealReplace = "replace" // another machine on the node's volumes; then start
)

// HealLevels are all levels, in order.
var HealLevels = []string{HealAction, HealRestart, HealRepair, HealReplace}

const (
	// healSoonest is the least time between the moment a node became bad, or was treated, and the next level.
	healSoonest = 20 * time.Second
	// wellFor is how long a node must be well until it begins at the first level again.
	wellFor = 10 * time.Minute
	// brakeWindow and brakeShare: when more than this share of nodes became bad within this time, the cause is not the nodes.
	brakeWindow = 10 * time.Minute
	brakeShare  = 5 // one in five
)

// Patient is what is known of a cluster that may be healed.
type Patient struct {
	ClusterID string
	State     State
	Busy      bool      // an operation runs or is held
	Resting   bool      // maintenance
	Free      time.Time // from when on it is neither
	Policy    string
	Nodes     []PatientNode
}

// PatientNode is a node of it.
type PatientNode struct {
	ID, Label string
	NoAgent   bool
	Health    string
	Since     time.Time
	Settles   time.Duration // until a node that is well again is seen healthy
	Tries     []Try         // since it was last well for long, oldest first
}

// Try is one level that was tried on a node.
type Try struct {
	Level string    `json:"level"`
	At    time.Time `json:"at"`
}

// Act is an operation that heals.
type Act struct {
	ClusterID string
	Level     string
	Nodes     []string
	Why       string
}

// Healing is what to do now, and why nothing is done where something is bad: by cluster.
type Healing struct {
	Acts     []Act
	Brakes   map[string]string
	Helpless map[string]bool // nodes for which every permitted level was tried
}

// Heal decides what is done about bad nodes. It does nothing during operations, in maintenance, on clusters that are not active,
// and while more nodes became bad together than fail by themselves: such a cause is not in the nodes, and replacing them would make it worse.
func Heal(all []Patient, now time.Time) Healing {
	out := Healing{Brakes: map[string]string{}, Helpless: map[string]bool{}}
	var everywhere []time.Time
	nodes := 0
	for _, p := range all {
		if p.State == Active && !p.Busy && !p.Resting {
			nodes += p.watched()
			everywhere = append(everywhere, p.bad()...)
		}
	}
	overall := together(everywhere)
	for _, p := range all {
		if p.State != Active || p.Busy || p.Resting || len(p.bad()) == 0 {
			continue
		}
		switch n := together(p.bad()); {
		case tooMany(n, p.watched()):
			out.Brakes[p.ClusterID] = fmt.Sprintf("%d of %d nodes became bad within %d minutes", n, p.watched(), int(brakeWindow.Minutes()))
			continue
		case len(all) > 1 && tooMany(overall, nodes):
			out.Brakes[p.ClusterID] = fmt.Sprintf("%d of %d nodes of all clusters became bad within %d minutes", overall, nodes, int(brakeWindow.Minutes()))
			continue
		}
		if act, ok := p.heal(now, out.Helpless); ok {
			out.Acts = append(out.Acts, act)
		}
	}
	return out
}

// watched counts the nodes whose health is known.
func (p Patient) watched() int {
	n := 0
	for _, x := range p.Nodes {
		if !x.NoAgent {
			n++
		}
	}
	return n
}

// bad are the moments at which the nodes became bad that are so now.
func (p Patient) bad() []time.Time {
	var out []time.Time
	for _, n := range p.Nodes {
		if Bad(n.Health) {
			out = append(out, n.Since)
		}
	}
	return out
}

// together is the largest number of moments within one window.
func together(moments []time.Time) int {
	slices.SortFunc(moments, time.Time.Compare)
	most, from := 0, 0
	for to, at := range moments {
		for at.Sub(moments[from]) > brakeWindow {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// tooMany: one node alone may always be healed, also in a cluster of three.
func tooMany(bad, nodes int) bool { return bad > 1 && bad*brakeShare > nodes }

// heal chooses the lowest level that is due, for all nodes of the cluster for which it is.
func (p Patient) heal(now time.Time, helpless map[string]bool) (Act, bool) {
	due := map[string][]string{}
	why := map[string]string{}
	for _, n := range p.Nodes {
		if !Bad(n.Health) {
			continue
		}
		level, at := n.next(p.Policy, p.Free)
		switch {
		case level == "":
			helpless[n.ID] = p.Policy != HealAction && p.Policy != ""
		case !now.Before(at):
			due[level] = append(due[level], n.ID)
			if why[level] == "" {
				why[level] = fmt.Sprintf("%s is %s for %s", n.Label, n.Health, now.Sub(n.Since).Round(time.Second))
			}
		}
	}
	for _, level := range HealLevels {
		if len(due[level]) > 0 {
			return Act{p.ClusterID, level, due[level], why[level]}, true
		}
	}
	return Act{}, false
}

// next is the level that comes next for a node, and when; "": no permitted one is left.
func (n PatientNode) next(policy string, free time.Time) (string, time.Time) {
	last, tried := n.Since, HealAction
	if free.After(last) {
		last = free
	}
	if n.Health == Gone {
		tried = HealRestart // nothing can be restarted where no agent answers
	}
	for _, t := range n.Tries {
		if slices.Index(HealLevels, t.Level) >= slices.Index(HealLevels, tried) {
			tried = t.Level
		}
		if t.At.After(last) {
			last = t.At
		}
	}
	wait := healSoonest
	if n.Health == Unhealthy {
		wait += n.Settles // the package's action, or the level before, may have helped already
	}
	level := slices.Index(HealLevels, tried) + 1
	if level >= len(HealLevels) || level > slices.Index(HealLevels, policy) {
		return "", time.Time{}
	}
	return HealLevels[level], last.Add(wait)
}

// TriesOf are the tries that still count for a node of that health.
func TriesOf(tries []Try, health string, since, now time.Time) []Try {
	if !Bad(health) && now.Sub(since) >= wellFor {
		return nil
	}
	return tries
}
