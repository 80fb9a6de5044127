package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/remote/target"
	"drover/specs"
)

// healthy is a cluster of two nodes of which everybody says the same.
func healthy() Sight {
	s := Sight{
		ClusterID: "cl-a",
		Record:    &Record{ClusterID: "cl-a", State: Active, EverActive: true, Revision: 7, Operation: Operation{Type: "AddNodes", State: "succeeded"}},
		Metadata: MetadataSight{
			Root: "drover/clusters/cl-a/", Revision: 7,
			Keys:   map[string]string{"self/hosts/a/i-1/ip": "10.0.0.1", "self/env/quota": "2"},
			Should: map[string]string{"self/hosts/a/i-1/ip": "10.0.0.1", "self/env/quota": "2"},
		},
		Agents: map[string]AgentSight{},
	}
	for i, id := range []string{"1", "2"} {
		s.Record.Nodes = append(s.Record.Nodes, Node{
			ID: "cln-" + id, InstanceID: "i-" + id, Role: "a", SID: i + 1, IP: "10.0.0." + id, VolumeIDs: []string{"vol-" + id},
			SSH: target.Target{Addr: "10.0.0." + id + ":22", HostKey: "key-" + id},
		})
		s.Provider.Instances = append(s.Provider.Instances, InstanceSight{
			ResourceSight: ResourceSight{Provider: "p", ID: "i-" + id, NodeID: "cln-" + id}, On: true, HostKey: "key-" + id, IP: "10.0.0." + id,
		})
		s.Provider.Volumes = append(s.Provider.Volumes, ResourceSight{Provider: "p", ID: "vol-" + id, NodeID: "cln-" + id})
		s.Agents["cln-"+id] = AgentSight{Revision: 7, InstanceID: "i-" + id}
	}
	return s
}

func TestDiagnose(t *testing.T) {
	t.Parallel()
	stray := ResourceSight{Provider: "p", ID: "vol-9", NodeID: "cln-9"}
	orphan := Orphan{ClusterID: "cl-a", NodeID: "cln-9", Provider: "p", Kind: KindVolume, ID: "vol-9", Since: "2026-01-01T00:00:00Z", Attempts: 3, Reason: "busy"}
	for _, tt := range []struct {
		name   string
		change func(*Sight)
		want   []string // "where node: repair"
		says   string   // in the first finding
	}{
		{name: "all is well", change: func(*Sight) {}},
		{name: "instance gone", change: func(s *Sight) { s.Provider.Instances = s.Provider.Instances[:1] },
			want: []string{"provider cln-2: drover repair cl-a --nodes cln-2"}, says: "instance i-2 of a/2 is missing"},
		{name: "instance off", change: func(s *Sight) { s.Provider.Instances[1].On = false },
			want: []string{"provider cln-2: drover repair cl-a --nodes cln-2"}, says: "is off"},
		{name: "instance on while the cluster is stopped", change: func(s *Sight) {
			s.Record.State, s.Record.PoweredOff = Stopped, true
			s.Provider.Instances[1].On = false
		}, want: []string{"provider cln-1: drover start cl-a && drover stop cl-a"}, says: "i-1 of a/1 is running"},
		{name: "volume gone", change: func(s *Sight) { s.Provider.Volumes = s.Provider.Volumes[1:] },
			want: []string{"provider cln-1: drover repair cl-a --nodes cln-1"}, says: "vol-1"},
		{name: "stray volume", change: func(s *Sight) { s.Provider.Volumes = append(s.Provider.Volumes, stray) },
			want: []string{"provider cln-9: drover orphans cl-a --collect"}, says: "vol-9"},
		{name: "stray volume in the ledger", change: func(s *Sight) {
			s.Provider.Volumes = append(s.Provider.Volumes, stray)
			s.Orphans = []Orphan{orphan}
		}, want: []string{"orphans cln-9: drover orphans --retry"}, says: "after 3 attempts: busy"},
		{name: "machine that replaces another", change: func(s *Sight) {
			s.Record.Nodes[0].NextInstanceID = "i-9"
			s.Provider.Instances = append(s.Provider.Instances, InstanceSight{ResourceSight: ResourceSight{Provider: "p", ID: "i-9"}})
		}},
		{name: "host key changed", change: func(s *Sight) { s.Provider.Instances[0].HostKey = "other" },
			want: []string{"provider cln-1: drover repair cl-a --nodes cln-1"}, says: "host key"},
		{name: "machines off and gone, and a key too many", change: func(s *Sight) {
			s.Provider.Instances = s.Provider.Instances[1:]
			s.Provider.Instances[0].On = false
			s.Metadata.Keys["self/hosts/a/i-9/ip"] = "10.0.0.9"
		}, want: []string{
			"provider cln-1: drover repair cl-a --nodes cln-1,cln-2", "provider cln-2: drover repair cl-a --nodes cln-1,cln-2",
			"metadata : drover repair cl-a --nodes cln-1,cln-2",
		}, says: "instance i-1 of a/1 is missing"},
		{name: "what risks something is named where that is said", change: func(s *Sight) {
			s.Provider.Volumes = s.Provider.Volumes[1:]
			s.Provider.Instances[1].On = false
		}, want: []string{"provider cln-1: drover repair cl-a --nodes cln-1,cln-2", "provider cln-2: drover repair cl-a --nodes cln-2"}, says: "vol-1"},
		{name: "address changed", change: func(s *Sight) { s.Provider.Instances[0].IP = "10.9.9.9" },
			want: []string{"provider cln-1: drover repair cl-a --nodes cln-1"}, says: "10.9.9.9"},
		{name: "one address twice", change: func(s *Sight) {
			s.Record.Nodes[1].IP, s.Provider.Instances[1].IP = "10.0.0.1", "10.0.0.1"
		}, want: []string{"provider cln-2: "}, says: "a/2 has address 10.0.0.1, and so has a/1"},
		{name: "provider away", change: func(s *Sight) { s.Provider = ProviderSight{Problem: "p: away"} },
			want: []string{"provider : drover providers"}, says: "p: away"},
		{name: "key too many", change: func(s *Sight) { s.Metadata.Keys["self/hosts/a/i-9/ip"] = "10.0.0.9" },
			want: []string{"metadata : drover repair cl-a"}, says: "is unexpected"},
		{name: "key missing", change: func(s *Sight) { delete(s.Metadata.Keys, "self/hosts/a/i-1/ip") },
			want: []string{"metadata : drover repair cl-a"}, says: "is missing"},
		{name: "key changed, a secret perhaps", change: func(s *Sight) { s.Metadata.Keys["self/env/quota"] = "3" },
			want: []string{"metadata : drover repair cl-a"}, says: "differs from the record"},
		{name: "revision", change: func(s *Sight) { s.Record.Revision = 6 },
			want: []string{"metadata : drover repair cl-a"}, says: "revision 7 is published, but the record has 6"},
		{name: "half-way", change: func(s *Sight) { s.Metadata.HalfWay = true }, want: []string{"metadata : drover repair cl-a"}, says: "interrupted"},
		{name: "stale mark", change: func(s *Sight) { s.Metadata.Operation = "AddNodes" },
			want: []string{"metadata : drover repair cl-a"}, says: "the mark for them is AddNodes, but no operation is running and the cluster is active"},
		{name: "services left stopped", change: func(s *Sight) { s.Record.State, s.Metadata.Operation = Stopped, "stopped" }},
		{name: "services left stopped, and agents do not know", change: func(s *Sight) { s.Record.State = Stopped },
			want: []string{"metadata : drover start cl-a"}, says: "act on failing health checks although the cluster is stopped"},
		{name: "stale folder", change: func(s *Sight) { s.Record.Deleting = []string{"cln-1"} },
			want: []string{"record : drover repair cl-a"}, says: "/deleting-hosts"},
		{name: "operation that died", change: func(s *Sight) { s.Record.Operation = Operation{Type: "AddNodes", State: "running"} },
			want: []string{"record : drover repair cl-a"}, says: "AddNodes as running"},
		{name: "operation that died while it stopped services", change: func(s *Sight) { s.Record.Operation = Operation{Type: "StopCluster", State: "running"} },
			want: []string{"record : drover start cl-a"}},
		{name: "operation runs", change: func(s *Sight) {
			s.OperationRuns, s.Record.Operation = true, Operation{Type: "AddNodes", State: "running"}
			s.Metadata.Revision, s.Metadata.Operation = 9, "AddNodes"
			s.Provider.Instances = nil
		}},
		{name: "link to nowhere", change: func(s *Sight) {
			s.Record.Spec, s.LostLinks = &specs.Cluster{Links: map[string]string{"zk": "cl-gone"}}, []string{"zk"}
		}, want: []string{"record : "}, says: "link zk refers to cl-gone"},
		{name: "a replica without its master", change: func(s *Sight) {
			s.Record.Spec = &specs.Cluster{Roles: []specs.Role{{Name: "a"}, {Name: "a-replica", ReplicaOf: "a"}, {Name: "b"}}}
			s.Record.Nodes[0].GID, s.Record.Nodes[1].Role, s.Record.Nodes[1].GID = 1, "a-replica", 2
		}, want: []string{"record cln-2: drover delete-nodes cl-a cln-2"}, says: "a-replica/2 is a replica without a master: no node of its master role has gid 2"},
		{name: "a replica and its master", change: func(s *Sight) {
			s.Record.Spec = &specs.Cluster{Roles: []specs.Role{{Name: "a"}, {Name: "a-replica", ReplicaOf: "a"}}}
			s.Record.Nodes[1].Role = "a-replica"
		}},
		{name: "upgrade failed", change: func(s *Sight) {
			s.Record.State, s.Record.Reason, s.Metadata.Operation = UpgradeFailed, "no", "upgrade_failed"
		},
			want: []string{"record : drover downgrade cl-a"}, says: "upgrade_failed: no"},
		{name: "agent silent", change: func(s *Sight) { s.Agents["cln-1"] = AgentSight{Problem: "refused"} },
			want: []string{"agent cln-1: drover repair cl-a"}, says: "refused"},
		{name: "agent behind", change: func(s *Sight) { s.Agents["cln-2"] = AgentSight{Revision: 6, InstanceID: "i-2"} },
			want: []string{"agent cln-2: drover repair cl-a"}, says: "revision 6 of 7"},
		{name: "agent of another machine", change: func(s *Sight) { s.Agents["cln-2"] = AgentSight{Revision: 7, InstanceID: "i-1"} },
			want: []string{"agent cln-2: drover repair cl-a"}, says: "i-1 instead of i-2"},
		{name: "agent busy", change: func(s *Sight) { s.Agents["cln-2"] = AgentSight{Revision: 7, InstanceID: "i-2", Running: []string{"x"}} },
			want: []string{"agent cln-2: drover repair cl-a"}, says: "command x"},
		{name: "no record", change: func(s *Sight) { s.Record = nil },
			want: []string{
				"provider : drover orphans cl-a --collect", "provider : drover orphans cl-a --collect", "provider : drover orphans cl-a --collect",
				"provider : drover orphans cl-a --collect", "metadata : drover orphans cl-a --collect",
			}, says: "no record"},
		{name: "no record yet", change: func(s *Sight) { s.Record, s.OperationRuns = nil, true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := healthy()
			tt.change(&s)
			found := Diagnose(s)
			var got []string
			for _, f := range found {
				got = append(got, f.Where+" "+f.Node+": "+f.Repair)
				require.True(t, f.Repair != "" || f.Advice != "", "a command, or what to do: %+v", f)
			}
			require.Equal(t, tt.want, got)
			if len(found) > 0 {
				require.Contains(t, found[0].What, tt.says)
			}
		})
	}
}

func TestClaimOf(t *testing.T) {
	t.Parallel()
	instance := Orphan{ClusterID: "cl-a", Kind: KindInstance, ID: "i-1"}
	network := Orphan{ClusterID: "cl-a", Kind: KindNetwork}
	rec := func(change func(*Record)) *Record {
		r := healthy().Record
		change(r)
		return r
	}
	for _, tt := range []struct {
		name   string
		rec    *Record
		orphan Orphan
		want   Claim
	}{
		{"no record", nil, instance, Unclaimed},
		{"used", rec(func(*Record) {}), instance, Claimed},
		{"network of a cluster", rec(func(*Record) {}), network, Claimed},
		{"an operation runs", rec(func(r *Record) { r.Operation.State = "running" }), instance, InDoubt},
		{"no longer used", rec(func(r *Record) { r.Nodes = nil }), instance, Unclaimed},
		{"being released", rec(func(r *Record) { r.Releasing = []string{"cln-1"} }), instance, Unclaimed},
		{"being deleted", rec(func(r *Record) { r.State = Deleting }), network, Unclaimed},
	} {
		require.Equal(t, tt.want, ClaimOf(tt.rec, tt.orphan), tt.name)
	}
}

func TestMergeKeepsTheAge(t *testing.T) {
	t.Parallel()
	old := Orphan{ClusterID: "cl-a", Provider: "p", Kind: KindVolume, ID: "vol-1", Since: "2026-01-01T00:00:00Z", LastTry: "2026-01-01T00:00:00Z", Attempts: 4, Reason: "busy"}
	found := Orphan{ClusterID: "cl-a", Provider: "p", Kind: KindVolume, ID: "vol-1", Reason: "away"}
	other := Orphan{ClusterID: "cl-a", Provider: "p", Kind: KindVolume, ID: "vol-2", Reason: "away"}
	merged := Merge([]Orphan{old}, []Orphan{found, found, other}, "2026-01-02T00:00:00Z")
	require.Len(t, merged, 2, "each once")
	require.Equal(t, "2026-01-01T00:00:00Z", merged[0].Since)
	require.Equal(t, 5, merged[0].Attempts)
	require.Equal(t, "away", merged[0].Reason)
	require.Equal(t, "2026-01-02T00:00:00Z", merged[1].Since)
	require.Equal(t, 1, merged[1].Attempts)
}

func TestAnUnhealthyNodeIsAFinding(t *testing.T) {
	t.Parallel()
	rec := &Record{ClusterID: "cl-a", State: Active, Nodes: []Node{{ID: "cln-1", Role: "a", SID: 1, InstanceID: "i-1"}}}
	for health, want := range map[string]bool{"unhealthy": true, "healthy": false, "unknown": false, "disabled": false, "": false} {
		said := false
		for _, f := range Diagnose(Sight{ClusterID: "cl-a", Record: rec, Agents: map[string]AgentSight{"cln-1": {InstanceID: "i-1", Health: health}}}) {
			said = said || f.Where == "agent" && f.Node == "cln-1" && f.What == "a/1 is unhealthy"
		}
		require.Equal(t, want, said, health)
	}
}
