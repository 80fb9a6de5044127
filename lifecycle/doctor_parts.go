package lifecycle

import (
	"maps"
	"slices"
)

// resources: what the record names is at the provider, runs, and nothing else is there.
func (d *diagnosis) resources() {
	if d.Provider.Problem != "" {
		d.add(Finding{Where: "provider", Repair: "drover providers", Advice: "check the provider with drover providers, fix it and retry"}, "the provider cannot be queried: %s", d.Provider.Problem)
		return
	}
	instances, volumes := map[string]InstanceSight{}, map[string]bool{}
	for _, i := range d.Provider.Instances {
		instances[i.ID] = i
		d.stray(KindInstance, i.ResourceSight)
	}
	for _, v := range d.Provider.Volumes {
		volumes[v.ID] = true
		d.stray(KindVolume, v)
	}
	at := map[string]Node{}
	for _, n := range d.Record.Nodes {
		if other, is := at[n.IP]; is && n.IP != "" {
			d.add(Finding{Where: "provider", Node: n.ID, Advice: "if the provider has given out one machine twice, delete one of the nodes (drover delete-nodes) and correct its inventory"},
				"%s has address %s, and so has %s", Label(n.Role, n.SID), n.IP, Label(other.Role, other.SID))
		}
		at[n.IP] = n
		for _, id := range n.VolumeIDs {
			if !volumes[id] && d.Record.State == Deleted {
				d.add(Finding{Where: "provider", Node: n.ID, Repair: "drover cease " + d.ClusterID, Advice: "the cluster cannot be recovered; if there is a backup, restore it"},
					"volume %s of %s is missing, and its data with it", id, Label(n.Role, n.SID))
			} else if !volumes[id] {
				d.addRepaired(risked, Finding{Where: "provider", Node: n.ID, Advice: emptied}, "volume %s of %s is missing, and its data with it", id, Label(n.Role, n.SID))
			}
		}
		d.machine(n, instances)
	}
}

// emptied is the advice before a volume is recreated.
const emptied = "the machine is recreated with an EMPTY volume: if the application cannot restore it from its other nodes, restore a backup, " +
	"or replace the node (drover add-nodes)"

func (d *diagnosis) machine(n Node, instances map[string]InstanceSight) {
	i, ok := instances[n.InstanceID]
	name := Label(n.Role, n.SID)
	switch {
	case !ok && d.Record.State == Creating, !ok && d.Record.State == Failed, d.Record.State == Deleting:
	case !ok:
		d.addRepaired(taken, Finding{Where: "provider", Node: n.ID}, "instance %s of %s is missing", n.InstanceID, name)
	case !i.On && d.Record.State == Active:
		d.addRepaired(taken, Finding{Where: "provider", Node: n.ID},
			"instance %s of %s is off, but the cluster is active", n.InstanceID, name)
	case i.On && d.Record.State == Deleted:
		d.add(Finding{Where: "provider", Node: n.ID, Repair: d.wayOn(Deleted), Advice: "or release the cluster with drover cease"},
			"instance %s of %s is running, but the cluster is deleted", n.InstanceID, name)
	case i.On && d.Record.PoweredOff:
		d.add(Finding{Where: "provider", Node: n.ID, Repair: "drover start " + d.ClusterID + " && drover stop " + d.ClusterID},
			"instance %s of %s is running, but the cluster is stopped", n.InstanceID, name)
	case n.SSH.HostKey != "" && i.HostKey != "" && n.SSH.HostKey != i.HostKey:
		d.addRepaired(risked, Finding{Where: "provider", Node: n.ID,
			Advice: "find the cause first: it may be another machine, and commands would run on it"},
			"the host key of %s differs from the key pinned at its creation", name)
	case i.IP != "" && n.IP != i.IP:
		d.addRepaired(taken, Finding{Where: "provider", Node: n.ID},
			"%s has address %s at the provider, but %s on record", name, i.IP, n.IP)
	}
}

// stray is what a provider has and no record names.
func (d *diagnosis) stray(kind string, r ResourceSight) {
	o := Orphan{ClusterID: d.ClusterID, Provider: r.Provider, Kind: kind, ID: r.ID}
	if slices.ContainsFunc(d.Orphans, o.Same) {
		return // told with the ledger
	}
	for _, n := range d.Record.Nodes {
		if slices.Contains(NodeResources(n), ResourceID{kind, r.ID}) {
			return
		}
	}
	d.add(Finding{Where: "provider", Node: r.NodeID, Repair: d.collect()}, "%s %s exists at provider %s but not on a record", kind, r.ID, r.Provider)
}

// maxKeys is how many keys of a kind are told one by one.
const maxKeys = 10

// metadata: nodes see what the record says.
func (d *diagnosis) metadata() {
	m := d.Metadata
	if d.Record.State == Deleting || !d.Record.EverActive && m.Revision == 0 {
		return
	}
	if m.HalfWay {
		d.addWayOn("metadata", d.Record.State,
			"a change of the metadata was interrupted; agents continue with revision %d", m.Revision)
		return
	}
	if m.Revision != d.Record.Revision {
		d.addWayOn("metadata", d.Record.State, "revision %d is published, but the record has %d", m.Revision, d.Record.Revision)
	}
	d.keys("is unexpected", without(m.Keys, m.Should))
	d.keys("is missing", without(m.Should, m.Keys))
	d.keys("differs from the record", differing(m.Should, m.Keys))
}

// keys reports the problem of each key, but not its value: it may be a secret.
func (d *diagnosis) keys(what string, keys []string) {
	for _, key := range keys[:min(len(keys), maxKeys)] {
		d.addRepaired(whole, Finding{Where: "metadata"}, "key /%s %s", key, what)
	}
	if more := len(keys) - maxKeys; more > 0 {
		d.addRepaired(whole, Finding{Where: "metadata"}, "%d more keys: each %s", more, what)
	}
}

func without(of, in map[string]string) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(of)) {
		if _, ok := in[key]; !ok {
			out = append(out, key)
		}
	}
	return out
}

func differing(a, b map[string]string) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if v, ok := b[key]; ok && v != a[key] {
			out = append(out, key)
		}
	}
	return out
}

// agents: they answer, know the machine they are on, have applied the revision, and run nothing.
func (d *diagnosis) agents() {
	if d.Record.State != Active {
		return
	}
	for _, n := range d.Record.Nodes {
		a, ok := d.Agents[n.ID]
		if !ok {
			continue
		}
		name := Label(n.Role, n.SID)
		start := Finding{Where: "agent", Node: n.ID}
		switch {
		case a.Problem != "":
			d.addRepaired(whole, start, "the agent of %s does not respond: %s", name, a.Problem)
			continue
		case a.InstanceID != n.InstanceID:
			d.addRepaired(whole, start, "the agent of %s reports instance %s instead of %s", name, a.InstanceID, n.InstanceID)
		case a.Revision < d.Metadata.Revision:
			d.addRepaired(whole, start, "the agent of %s has applied revision %d of %d%s", name, a.Revision, d.Metadata.Revision, waiting(a))
		}
		if a.Health == "unhealthy" {
			d.add(Finding{Where: "agent", Node: n.ID,
				Advice: "inspect the application on the node; its package's health check fails there"},
				"%s is unhealthy", name)
		}
		for _, id := range a.Running {
			d.addRepaired(whole, Finding{Where: "agent", Node: n.ID, Advice: "the command also ends without a repair, at the latest at its timeout"},
				"%s runs command %s, which belongs to no running operation", name, id)
		}
	}
}

// waiting is what an agent waits for, as the end of a finding.
func waiting(a AgentSight) string {
	if a.Waits == "" {
		return ""
	}
	return "; it waits for " + a.Waits
}

// orphans: the ledger is empty.
func (d *diagnosis) orphans() {
	for _, o := range d.Orphans {
		d.add(Finding{Where: "orphans", Node: o.NodeID, Repair: "drover orphans --retry"},
			"%s %s has not been released since %s, after %d attempts: %s", o.Kind, o.ID, o.Since, o.Attempts, o.Reason)
	}
}
