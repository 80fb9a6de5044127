package workflows_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/backup/parts"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// archive is a tar stream with one file.
func archive(t tb, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "file", Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(content)), Format: tar.FormatPAX}))
	_, err := w.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// content is the file of a tar stream.
func content(t tb, stream []byte) string {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(stream))
	_, err := r.Next()
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	require.NoError(t, err)
	return b.String()
}

var (
	device     = top{"backup_policy": "device", "incremental_backup_supported": true, "advanced_actions": []string{"scale_horizontal", "add_nodes"}}
	byCommands = top{"backup_policy": "custom"}
)

func withQuota(role map[string]any) map[string]any {
	return with(role, "env", map[string]any{"quota": "@env.quota@"})
}

// soundBackups asserts that what the catalogue has as whole can be read to the last byte.
func (w *world) soundBackups() {
	w.t.Helper()
	for _, b := range w.catalogue() {
		if b.State != lifecycle.BackupWhole {
			continue
		}
		require.NotEmpty(w.t, b.Parts)
		_, err := w.target.Get(w.t.Context(), b.ID+"/manifest")
		require.NoError(w.t, err)
		for _, p := range b.Parts {
			require.NoError(w.t, parts.Read(w.t.Context(), w.target, parts.Place{Point: b.ID, Part: p.Name()}, p.SHA256, &bytes.Buffer{}))
		}
	}
}

// createDevice makes a cluster whose volumes have data: "a/1", "a/2", and "b/1", whose role is not backed up.
func createDevice(w *world) {
	w.publishAs("app", "1", device, withQuota(nodes("a", 2, "init", "start", "stop", "backup", "restore", "destroy", "verify type=custom nodes_to_execute_on=1")), nodes("b", 1, "start order=1"))
	w.create("app")
	for _, n := range w.record().Nodes {
		w.provider.SetContent(n.VolumeIDs[0], archive(w.t, n.Label()))
	}
	w.prints("a", "42")
}

// createCustom makes a cluster whose backup leaves a file on a/1.
func createCustom(w *world) {
	w.publishAs("app", "1", byCommands, withQuota(nodes("a", 2, "start", "stop", "destroy", "backup nodes_to_execute_on=1", "restore", "delete_snapshot nodes_to_execute_on=1")))
	w.create("app")
	w.agents.On("backup", func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		w.folders.Set(e.Node.ID, argument(w.t, e)["path"].(string), archive(w.t, "saved by "+e.Node.Label()))
		return fakes.Exit(0, "")
	})
}

// argument is the JSON argument of a command.
func argument(t tb, e fakes.Execution) map[string]any {
	t.Helper()
	var out map[string]any
	for _, v := range e.Env {
		if text, ok := strings.CutPrefix(v, "DROVER_PARAMS="); ok {
			require.NoError(t, json.Unmarshal([]byte(text), &out))
		}
	}
	return out
}

// prints makes verify print something.
func (w *world) prints(_, text string) {
	w.agents.On("verify", func(context.Context, fakes.Execution) agentapi.CommandStatus { return fakes.Exit(0, text) })
}

// catalogue is all backups.
func (w *world) catalogue() []lifecycle.Backup {
	all, err := w.backups.Backups(w.t.Context())
	require.NoError(w.t, err)
	return all
}

// objects are the names of all objects at the target.
func (w *world) objects() []string {
	names, err := w.target.List(w.t.Context(), "")
	require.NoError(w.t, err)
	return names
}

// backup makes one that must succeed.
func (w *world) backup(in api.BackupClusterInput) lifecycle.Backup {
	w.t.Helper()
	r := w.start1(api.BackupCluster, in)
	require.True(w.t, api.ValidBackupID(r.result.Backup), r.result.Backup)
	b, _, err := w.backups.Backup(w.t.Context(), r.result.Backup)
	require.NoError(w.t, err)
	require.Equal(w.t, lifecycle.BackupWhole, b.State)
	return *b
}

const restoredID = "cl-restored"

func (w *world) restore(operation string, in any) *run {
	w.t.Helper()
	return w.startAs("cluster/"+restoredID, operation, in)
}

// restoredRecord reads the record of the restored cluster; nil when there is none.
func (w *world) restoredRecord() *lifecycle.Record {
	rec, _, err := w.store.Record(w.t.Context(), restoredID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	require.NoError(w.t, err)
	return rec
}

// noRestored asserts that nothing is left of a restored cluster.
func (w *world) noRestored() {
	w.t.Helper()
	require.Nil(w.t, w.restoredRecord())
	res, err := w.provider.List(w.t.Context(), restoredID)
	require.NoError(w.t, err)
	require.Zero(w.t, len(res.Instances)+len(res.Volumes)+len(res.Networks)+len(res.Snapshots))
}

func TestBK1toBK4BackupOfVolumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	record, before := w.record(), len(w.commands())
	b := w.backup(api.BackupClusterInput{})
	requireOrder(t, []string{"BK1 backup a/1 + BK1 backup a/2", "BK1b verify a/1"}, w.commands()[before:])
	require.Len(t, b.Parts, 2, "b does not define backup")
	require.Equal(t, "42", b.Prints["a/1"].Text)
	require.Empty(t, b.Parent)
	res, err := w.provider.List(t.Context(), clusterID)
	require.NoError(t, err)
	require.Empty(t, res.Snapshots)
	record.Operation, record.Prints = w.record().Operation, w.record().Prints
	require.Equal(t, record, w.record(), "the cluster is as it was")
	w.sound()
}

func TestRE1toRE5RestoreOfVolumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	b := w.backup(api.BackupClusterInput{})
	source, before := w.record(), len(w.commands())
	for _, n := range source.Nodes { // written after the backup
		w.provider.SetContent(n.VolumeIDs[0], archive(t, "later"))
	}
	r := w.restore(api.RestoreCluster, api.RestoreClusterInput{Backup: b.ID, Name: "copy", Network: "other"})
	require.NoError(t, r.err)
	require.Equal(t, []string{
		"RE1 prepare resources", "RE2 bring the data of the backup to the nodes", "RE3 register cluster info to metadata",
		"RE4 start the agent on all nodes", "RE5 init, order 0: a[1-2]", "RE5 restore, order 0: a[1-2]", "RE5 start, order 1: b[1]",
	}, told(r.trace()))
	requireOrder(t, []string{"RE5 init a/1 + RE5 init a/2", "RE5 restore a/1 + RE5 restore a/2", "RE5 start b/1"}, w.commands()[before:])
	rec := w.restoredRecord()
	require.Equal(t, lifecycle.Active, rec.State)
	require.Equal(t, b.ID, rec.RestoredFrom)
	require.Equal(t, []string{"copy", "other", source.GlobalUUID}, []string{rec.Name, rec.Spec.VxNet, rec.GlobalUUID})
	for i, n := range rec.Nodes {
		old := source.Nodes[i]
		require.Equal(t, old.Label(), n.Label())
		require.NotEqual(t, old.ID, n.ID)
		require.NotEqual(t, old.GSID, n.GSID)
		require.NotEqual(t, old.VolumeIDs, n.VolumeIDs)
		if n.Role == "a" {
			require.Equal(t, n.Label(), content(t, w.provider.Content(n.VolumeIDs[0])))
		} else {
			require.Empty(t, w.provider.Content(n.VolumeIDs[0]), "b was not backed up")
		}
	}
	require.Equal(t, source, w.record(), "the source is not touched")
}

func TestACustomBackupTravelsInItsFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createCustom(w)
	before := len(w.commands())
	b := w.backup(api.BackupClusterInput{})
	requireOrder(t, []string{"BK1 backup a/1"}, w.commands()[before:])
	require.Zero(t, w.folders.All(), "the folder is removed")
	require.Equal(t, b.ID, argument(t, w.agents.Ran()[before])["snapshot_id"])

	seen := map[string]string{}
	w.agents.On("restore", func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		arg := argument(t, e)
		seen[e.Node.Label()] = arg["snapshot_id"].(string) + " " + content(t, w.folders.Get(e.Node.ID, arg["path"].(string)))
		return fakes.Exit(0, "")
	})
	require.NoError(t, w.restore(api.RestoreCluster, api.RestoreClusterInput{Backup: b.ID}).err)
	require.Equal(t, map[string]string{"a/1": b.ID + " saved by a/1", "a/2": b.ID + " saved by a/1"}, seen, "the one part serves all nodes")
	require.Zero(t, w.folders.All())
}

func TestABackupWithoutFilesFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishAs("app", "1", byCommands, nodes("a", 1, "backup"))
	w.create("app")
	f := w.start(api.BackupCluster, api.BackupClusterInput{}).fault()
	require.Equal(t, fault.CommandFailed, f.Type)
	require.Contains(t, f.Message, "left no files")
	require.Empty(t, w.catalogue())
	require.Empty(t, w.objects())
	require.Equal(t, lifecycle.Active, w.record().State)
}

func TestAFailedBackupLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	w.refuse("backup", "a")
	require.Equal(t, fault.CommandFailed, w.start(api.BackupCluster, api.BackupClusterInput{}).fault().Type)
	require.Empty(t, w.catalogue())
	require.Empty(t, w.objects())
	require.Equal(t, lifecycle.Active, w.record().State)
	w.sound()
}

func TestAFailedRestoreLeavesNoClusterAndTheBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	b := w.backup(api.BackupClusterInput{})
	w.refuse("restore", "a")
	require.Equal(t, fault.CommandFailed, w.restore(api.RestoreCluster, api.RestoreClusterInput{Backup: b.ID}).fault().Type)
	w.noRestored()
	require.Equal(t, []lifecycle.Backup{b}, w.catalogue())

	for _, name := range w.objects() { // a byte of the data changes
		if data, err := w.target.Get(t.Context(), name); err == nil && strings.Contains(name, "/000001-") {
			data[len(data)/2] ^= 1
			require.NoError(t, w.target.Put(t.Context(), name, data))
		}
	}
	f := w.restore(api.RestoreCluster, api.RestoreClusterInput{Backup: b.ID}).fault()
	require.Contains(t, f.Message, "is damaged")
	w.noRestored()
}

func TestChainsAndTheirDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	one := w.backup(api.BackupClusterInput{})
	two := w.backup(api.BackupClusterInput{})
	three := w.backup(api.BackupClusterInput{Chain: 3})
	four := w.backup(api.BackupClusterInput{Chain: 3})
	five := w.backup(api.BackupClusterInput{Full: true})
	require.Equal(t, []string{"", one.ID, two.ID, "", ""}, []string{one.Parent, two.Parent, three.Parent, four.Parent, five.Parent})
	_, stored := three.Bytes()
	require.Zero(t, stored, "nothing has changed")
	require.NoError(t, w.restore(api.RestoreCluster, api.RestoreClusterInput{Backup: three.ID}).err)

	f := w.start(api.DeleteBackup, api.DeleteBackupInput{Backup: two.ID}).fault()
	require.Equal(t, fault.NotAllowed, f.Type)
	require.Contains(t, f.Message, three.ID)
	w.start1(api.DeleteBackup, api.DeleteBackupInput{Backup: two.ID, Later: true})
	w.start1(api.DeleteCluster, api.DeleteClusterInput{})
	require.Len(t, w.catalogue(), 3, "backups outlive their cluster")
	for _, b := range []lifecycle.Backup{one, four, five} {
		w.start1(api.DeleteBackup, api.DeleteBackupInput{Backup: b.ID})
	}
	require.Empty(t, w.catalogue())
	require.Empty(t, w.objects())
	require.Nil(t, w.record())
}

func TestVB1toVB8VerifyBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	b := w.backup(api.BackupClusterInput{})
	in := api.VerifyBackupInput{RestoreClusterInput: api.RestoreClusterInput{Backup: b.ID}}
	require.NoError(t, w.restore(api.VerifyBackup, in).err)
	w.noRestored()
	v := w.catalogue()[0].Verified
	require.Equal(t, &lifecycle.Verification{At: "2026-01-02T03:04:05Z", Compared: true}, v)

	w.agents.Handlers = nil
	w.prints("a", "43")
	f := w.restore(api.VerifyBackup, in).fault()
	require.Contains(t, f.Message, `printed "43" on a/1 after the restore, and "42" when the backup was made`)
	w.noRestored()
	require.Contains(t, w.catalogue()[0].Verified.Problem, "its data differs")
}

func TestRI1toRI5RestoreInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createCustom(w)
	b := w.backup(api.BackupClusterInput{})
	before := len(w.commands())
	w.start1(api.RestoreInPlace, api.RestoreInPlaceInput{Backup: b.ID})
	requireOrder(t, []string{"RI1 destroy a/1 + RI1 destroy a/2", "RI4 restore a/1 + RI4 restore a/2"}, w.commands()[before:])
	require.Len(t, w.catalogue(), 2)
	for _, other := range w.catalogue() {
		if other.ID != b.ID {
			require.Equal(t, lifecycle.BackupSafety, other.Why)
			require.Equal(t, lifecycle.PolicyDevice, other.Policy)
			require.Equal(t, lifecycle.BackupWhole, other.State)
		}
	}
	require.Zero(t, w.folders.All())
	require.Equal(t, lifecycle.Active, w.record().State)

	w.refuse("destroy", "a") // the guard
	commands := len(w.commands())
	require.Equal(t, fault.CommandFailed, w.start(api.RestoreInPlace, api.RestoreInPlaceInput{Backup: b.ID}).fault().Type)
	require.Equal(t, lifecycle.Active, w.record().State)
	requireOrder(t, []string{"RI1 destroy a/1 + RI1 destroy a/2"}, w.commands()[commands:])
}

func TestRefusalsOfBackupsAndRestores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	b := w.backup(api.BackupClusterInput{})
	half := b
	half.ID, half.State = "s-halfhalf", lifecycle.BackupUnfinished
	lost := b
	lost.ID = "s-lostdata"
	foreign := b
	foreign.ID, foreign.ClusterID = "s-foreign0", "cl-another0"
	for _, other := range []lifecycle.Backup{half, lost, foreign} {
		_, err := w.backups.PutBackup(t.Context(), other, 0)
		require.NoError(t, err)
	}
	before, record := len(w.commands()), w.record()
	for name, tc := range map[string]struct {
		operation, cluster string
		input              any
		want               fault.Type
		says               string
	}{
		"not an id":       {api.RestoreCluster, restoredID, api.RestoreClusterInput{Backup: "s-1"}, fault.Invalid, "is not a backup id"},
		"unknown":         {api.RestoreCluster, restoredID, api.RestoreClusterInput{Backup: "s-unknown0"}, fault.NotFound, "s-unknown0 does not exist"},
		"half":            {api.RestoreCluster, restoredID, api.RestoreClusterInput{Backup: "s-halfhalf"}, fault.NotAllowed, "is unfinished"},
		"no manifest":     {api.RestoreCluster, restoredID, api.RestoreClusterInput{Backup: "s-lostdata"}, fault.NotFound, "only a part of one"},
		"over a cluster":  {api.RestoreCluster, clusterID, api.RestoreClusterInput{Backup: b.ID}, fault.Conflict, "already exists"},
		"no provider":     {api.RestoreCluster, restoredID, api.RestoreClusterInput{Backup: b.ID, Provider: "moon"}, fault.Invalid, "moon"},
		"in place device": {api.RestoreInPlace, clusterID, api.RestoreInPlaceInput{Backup: b.ID}, fault.NotAllowed, "cannot be exchanged under a cluster"},
		"no target":       {api.BackupCluster, clusterID, api.BackupClusterInput{Target: "moon"}, fault.Invalid, "no target of backups \"moon\""},
		"delete foreign":  {api.DeleteBackup, clusterID, api.DeleteBackupInput{Backup: "s-foreign0"}, fault.Invalid, "one of cluster cl-another0"},
	} {
		f := w.startAs("cluster/"+tc.cluster, tc.operation, tc.input).fault()
		require.Equal(t, tc.want, f.Type, name)
		require.Contains(t, f.Message, tc.says, name)
		require.True(t, f.Refused, name)
		require.Len(t, w.commands(), before, name)
	}
	require.Equal(t, record, w.record())
	w.noRestored()

	bare := newWorld(t)
	bare.publish("app", nodes("a", 1, "start"))
	bare.create("app")
	require.Contains(t, bare.start(api.BackupCluster, api.BackupClusterInput{}).fault().Message, "defines the service backup")
}
