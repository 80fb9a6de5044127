package workflows_test

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/workflows/api"
)

// sound asserts what holds after every operation, however it ended: no temporary folder has content, nodes see what the
// record says, the provider has what the record names, and the state is true.
func (w *world) sound() {
	w.t.Helper()
	w.ranOnce()
	rec := w.record()
	if rec == nil {
		w.nothingLeft()
		return
	}
	require.NotEqual(w.t, api.OpRunning, rec.Operation.State, "the operation has ended")
	require.False(w.t, rec.Operation.Clearing)
	require.Equal(w.t, rec.Mark(), w.store.Operation(clusterID), "agents act on failing health checks of active clusters, and of no other")
	require.Empty(w.t, rec.Adding)
	require.Empty(w.t, rec.Deleting)
	require.Empty(w.t, rec.VerticalScaling)
	require.Empty(w.t, rec.Releasing)
	w.seesTheRecord(rec)
	w.hasTheResources(rec)
	w.stateIsTrue(rec)
}

func (w *world) ranOnce() {
	w.t.Helper()
	ids := map[string]bool{}
	for _, e := range w.agents.Ran() {
		require.False(w.t, ids[e.ID], "%s ran twice", e.ID)
		ids[e.ID] = true
	}
}

// seesTheRecord: what is published is what the record makes. A creation that failed and was kept may have published nothing.
func (w *world) seesTheRecord(rec *lifecycle.Record) {
	w.t.Helper()
	published, ok := w.store.Tree(clusterID)
	if !ok && !rec.EverActive {
		return
	}
	if w.died && rec.State != lifecycle.Active { // it died before it said so; the next one that succeeds will
		return
	}
	tree, err := metadata.Build(rec)
	require.NoError(w.t, err)
	require.Equal(w.t, tree, published.Tree, "nodes see what the record says")
	require.Equal(w.t, rec.Revision, published.Revision)
}

// hasTheResources: every machine and volume of the provider is named by the record, and has the size it says.
func (w *world) hasTheResources(rec *lifecycle.Record) {
	w.t.Helper()
	have, err := w.provider.List(w.t.Context(), clusterID)
	require.NoError(w.t, err)
	named := map[string]lifecycle.Node{}
	volumes := map[string]int{}
	for _, n := range rec.Nodes {
		named[n.InstanceID] = n
		if n.NextInstanceID != "" {
			named[n.NextInstanceID] = n
		}
		for i, size := range lifecycle.VolumeSizes(n.VolumeSize, len(n.VolumeIDs)) {
			volumes[n.VolumeIDs[i]] = size
		}
	}
	ledger := w.ledger()
	orphan := func(id string) bool {
		return slices.ContainsFunc(ledger, func(o lifecycle.Orphan) bool { return o.ID == id })
	}
	for _, i := range have.Instances {
		n, ok := named[i.ID]
		require.True(w.t, ok || orphan(i.ID), "instance %s is on no record", i.ID)
		if ok {
			require.Equal(w.t, providers.Size{CPU: n.CPU, Memory: n.Memory}, i.Size, "size of node %s", n.ID)
		}
	}
	for _, v := range have.Volumes {
		size, ok := volumes[v.ID]
		require.True(w.t, ok || orphan(v.ID), "volume %s is on no record", v.ID)
		if ok {
			require.Equal(w.t, size, v.SizeGiB, "size of volume %s", v.ID)
		}
	}
}

// stateIsTrue: active says that every machine runs, on the version of the cluster, with its services.
func (w *world) stateIsTrue(rec *lifecycle.Record) {
	w.t.Helper()
	require.Equal(w.t, rec.State == lifecycle.Deleted, rec.Binned != nil && rec.State != lifecycle.Deleting, "in the recycle bin")
	if rec.State == lifecycle.Deleted {
		require.True(w.t, rec.PoweredOff)
	} else if rec.State != lifecycle.UpgradeFailed && rec.State != lifecycle.Deleting {
		require.Nil(w.t, rec.Target, "an unfinished upgrade of a cluster that is %s", rec.State)
	}
	if rec.State != lifecycle.Active {
		return
	}
	require.Empty(w.t, rec.UpgradeFrom)
	require.False(w.t, rec.PoweredOff)
	for _, n := range rec.Nodes {
		role, ok := rec.Spec.Role(n.Role)
		require.True(w.t, ok)
		_, starts := role.Services[lifecycle.ServiceStart]
		if role.AgentInstalled && starts {
			require.True(w.t, w.machines.serves(n.InstanceID), "the cluster is active and %s/%d does not serve", n.Role, n.SID)
		}
		require.Equal(w.t, rec.VersionID, n.VersionID)
		require.Nil(w.t, n.Was)
	}
}

// temporary gives the names of the temporary folders a node could see, "" when it saw none.
func temporary(seen metadata.Tree) string {
	var found []string
	for _, folder := range []string{"adding-hosts", "deleting-hosts", "vertical-scaling-roles", "upgrade-audit"} {
		for key := range seen {
			if strings.HasPrefix(key, "self/"+folder) {
				found = append(found, folder)
				break
			}
		}
	}
	return strings.Join(found, " ")
}

// commandsSeeing are the commands from the n-th on, with the temporary folders each could see: "SV4 stop a/1: ...".
func (w *world) commandsSeeing(from int) []string {
	var out []string
	for _, e := range w.agents.Ran()[from:] {
		out = append(out, strings.TrimSuffix(e.Describe()+": "+temporary(e.Seen), ": "))
	}
	return out
}
