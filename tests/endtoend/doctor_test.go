package endtoend

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/providers"
	"drover/tests/apps"
	"drover/workflows/api"
)

// findings are what doctor says of a cluster.
func findings(t *testing.T, id string) []api.Finding {
	t.Helper()
	answer := drover(t, "doctor", id, "-o", "json")
	if strings.Contains(answer.Stderr, "nothing is left of one") {
		return nil
	}
	examined := apps.Items[api.Examination](t, answer)
	require.Len(t, examined, 1)
	return examined[0].Findings
}

// kv writes a key of Consul, or deletes it.
func kv(t *testing.T, method, key, value string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, servers.ConsulURL+"/v1/kv/"+key, strings.NewReader(value))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
}

// Each mismatch is found, and gone after the very command that doctor prints with it.
func TestWhatDoctorPrintsRepairs(t *testing.T) {
	t.Parallel()
	id, gone := newID(), newID()
	app := publish(t, 2, map[string]string{"start": "true", "stop": "true", "tidy": wait})
	drover(t, "create", app, "--id", id).OK(t)
	require.Empty(t, findings(t, id))
	machines, err := servers.Machines()
	require.NoError(t, err)
	nodes := func() []api.NodeView { return look(t, id).Cluster.Nodes }
	self := "drover/clusters/" + id + "/self/"
	for _, tt := range []struct {
		name, of string
		harm     func(t *testing.T)
		says     string // in one of the findings
		repair   string // of that one, before its arguments
	}{
		{"machine off", id, func(t *testing.T) {
			require.NoError(t, machines.StopInstance(t.Context(), nodes()[0].InstanceID))
		}, "is off, but the cluster is active", "drover repair " + id + " --nodes "},
		{"machine gone", id, func(t *testing.T) {
			require.NoError(t, machines.DeleteInstance(t.Context(), nodes()[1].InstanceID))
		}, "of a/2 is missing", "drover repair " + id + " --nodes "},
		{"one off and one gone at once, and a key deleted", id, func(t *testing.T) {
			require.NoError(t, machines.StopInstance(t.Context(), nodes()[1].InstanceID))
			require.NoError(t, machines.DeleteInstance(t.Context(), nodes()[0].InstanceID))
			kv(t, http.MethodDelete, self+"cluster/vxnet", "")
		}, "cluster/vxnet is missing", "drover repair " + id + " --nodes "},
		{"machine and volume gone", id, func(t *testing.T) {
			have, err := machines.List(t.Context(), id)
			require.NoError(t, err)
			n := nodes()[0]
			require.NoError(t, machines.DeleteInstance(t.Context(), n.InstanceID))
			for _, v := range have.Volumes {
				if v.Tags.NodeID == n.NodeID {
					require.NoError(t, machines.DeleteVolume(t.Context(), v.ID))
				}
			}
		}, "and its data with it", "drover repair " + id + " --nodes "},
		{"volume on no record", id, func(t *testing.T) {
			_, err := machines.CreateVolume(t.Context(), providers.VolumeSpec{
				ID: "vol-" + activities.RandomID(), Tags: providers.Tags{ClusterID: id}, SizeGiB: 1,
			})
			require.NoError(t, err)
		}, "not on a record", "drover orphans " + id + " --collect"},
		{"key deleted", id, func(t *testing.T) { kv(t, http.MethodDelete, self+"cluster/vxnet", "") }, "cluster/vxnet is missing", "drover repair " + id},
		{"key changed", id, func(t *testing.T) { kv(t, http.MethodPut, self+"cluster/vxnet", "other") }, "differs from the record", "drover repair " + id},
		{"key added", id, func(t *testing.T) { kv(t, http.MethodPut, self+"hosts/a/i-aaaaaaaa/ip", "1.2.3.4") }, "is unexpected", "drover repair " + id},
		{"mark of an operation", id, func(t *testing.T) { kv(t, http.MethodPut, "drover/clusters/"+id+"/operation", "AddNodes") }, "the mark for them is AddNodes", "drover repair " + id},
		{"operation terminated while its commands run", id, func(t *testing.T) {
			drover(t, "run", id, "tidy", "--no-wait").OK(t)
			eventually(t, "the service runs", running(t, id, 2))
			require.NoError(t, temporalClient(t).TerminateWorkflow(t.Context(), api.WorkflowID(id), "", "to see what doctor says"))
		}, "but it is not running", "drover repair " + id},
		{"keys of a cluster that is gone", gone, func(t *testing.T) {
			kv(t, http.MethodPut, "drover/clusters/"+gone+"/self/cluster/vxnet", "v")
		}, "Consul has 1 keys", "drover orphans " + gone + " --collect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.harm(t)
			var repair string
			found := findings(t, tt.of)
			for _, f := range found {
				require.NotEmpty(t, f.Repair, f.What)
				if strings.Contains(f.What, tt.says) {
					repair = f.Repair
				}
			}
			require.True(t, strings.HasPrefix(repair, tt.repair), "%q in %+v", tt.says, found)
			words := strings.Fields(repair)
			require.Equal(t, "drover", words[0])
			if slices.Contains(words, "--collect") {
				words = append(words, "--yes") // there is no terminal here
			}
			drover(t, words[1:]...).OK(t)
			require.Empty(t, findings(t, tt.of))
		})
	}
	require.Contains(t, strings.Join(traces(t, id), "\n"), "start", "what was recreated was started")
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}
