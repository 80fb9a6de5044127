package conformance

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// volumeOf is the folder of a node's first volume, on this machine.
func (c *cluster) volumeOf(node string) string {
	c.t.Helper()
	all, err := machines.List(c.t.Context(), c.id)
	require.NoError(c.t, err)
	id := c.nodes()[node].NodeID
	for _, v := range all.Volumes {
		if v.Tags.NodeID == id {
			return filepath.Join(servers.StateDir, "volumes", v.ID, "data")
		}
	}
	require.Fail(c.t, "no volume", node)
	return ""
}

// stored is an application that is backed up by snapshots of its volumes.
func stored(policy string) *tracedApp {
	return newApp(and(role("a", 2, "start", "stop", "backup", "restore", "destroy", "delete_snapshot", "verify type=custom nodes_to_execute_on=1"),
		object{"volume": object{"size": 1, "mount_point": "/data"}})).with(object{"backup_policy": policy, "incremental_backup_supported": true})
}

const a12 = " | hosts a/1 a/2"

// A backup of volumes is restored into a new cluster, byte by byte; its chain, its verification and its deletion.
//
// step: BK1 BK1b BK2 BK3 BK4 RE1 RE2 RE3 RE4 RE5 RE6 VB1 VB2 VB3 VB4 VB5 VB6 VB7 VB8 DB1 DB3
func TestBackupsOfVolumes(t *testing.T) {
	t.Parallel()
	c := create(t, stored("device"), api.CreateClusterInput{}, "start: a/1 a/2"+a12)
	text := "of the day of the backup"
	c.rec.hook("verify", func(_ context.Context, _ *begun, answer *tracer.Answer) { answer.Stdout = text })
	write := func(c *cluster, text string) {
		for _, n := range []string{"a/1", "a/2"} {
			require.NoError(t, os.WriteFile(filepath.Join(c.volumeOf(n), "file"), []byte(n+" "+text), 0o640))
		}
	}
	write(c, text)
	one := c.run(api.BackupCluster, api.BackupClusterInput{}, "backup: a/1 a/2"+a12, "verify: a/1").Backup
	require.Equal(t, "BK1 BK1b BK2 BK3 BK4", c.walked())
	write(c, "of another day")
	two := c.run(api.BackupCluster, api.BackupClusterInput{}, "backup: a/1 a/2"+a12, "verify: a/1").Backup
	left, err := machines.List(t.Context(), c.id)
	require.NoError(t, err)
	require.Empty(t, left.Snapshots)

	restored := newCluster(t)
	restored.run(api.RestoreCluster, api.RestoreClusterInput{Backup: one, Network: "other"}, "restore: a/1 a/2"+a12)
	require.Equal(t, "RE1 RE2 RE3 RE4 RE5", restored.walked())
	for _, n := range []string{"a/1", "a/2"} {
		data, err := os.ReadFile(filepath.Join(restored.volumeOf(n), "file"))
		require.NoError(t, err)
		require.Equal(t, n+" "+text, string(data))
	}

	for _, printed := range []string{text, "something else"} {
		proof := newCluster(t)
		proof.rec.hook("verify", func(_ context.Context, _ *begun, answer *tracer.Answer) { answer.Stdout = printed })
		in := api.VerifyBackupInput{RestoreClusterInput: api.RestoreClusterInput{Backup: two}}
		if printed == text {
			proof.run(api.VerifyBackup, in, "restore: a/1 a/2"+a12, "verify: a/1")
			require.Equal(t, "VB1 VB2 VB3 VB4 VB5 VB6 VB7 VB8", proof.walked())
		} else {
			require.Contains(t, proof.fails(api.VerifyBackup, in, "restore: a/1 a/2"+a12, "verify: a/1").Message, "its data differs")
		}
		gone, err := machines.List(t.Context(), proof.id)
		require.NoError(t, err)
		require.Empty(t, gone.Instances)
	}

	require.Equal(t, fault.NotAllowed, c.fails(api.DeleteBackup, api.DeleteBackupInput{Backup: one}).Type, "a later point needs it")
	c.run(api.DeleteBackup, api.DeleteBackupInput{Backup: one, Later: true})
	require.Equal(t, "DB1 DB3", c.walked())
	require.Equal(t, fault.NotFound, newCluster(t).fails(api.RestoreCluster, api.RestoreClusterInput{Backup: two}).Type)
}

// pathIn is the path in the argument of a command of a backup.
func pathIn(args []string) string {
	var argument struct {
		Path string `json:"path"`
	}
	if len(args) == 1 {
		_ = json.Unmarshal([]byte(args[0]), &argument)
	}
	return argument.Path
}

// A custom backup travels in the folder that its argument names, into a new cluster and over its own.
//
// step: RI1 RI2 RI3 RI4 RI5 DB2 RE6
func TestBackupsByCommands(t *testing.T) {
	t.Parallel()
	c := create(t, stored("custom"), api.CreateClusterInput{}, "start: a/1 a/2"+a12)
	f := c.fails(api.BackupCluster, api.BackupClusterInput{}, "backup: a/1 a/2"+a12, "verify: a/1")
	require.Contains(t, f.Message, "left no files")
	c.rec.hook("backup", func(_ context.Context, b *begun, _ *tracer.Answer) {
		for _, n := range []string{"a/1", "a/2"} {
			if dir := filepath.Join(c.volumeOf(n), ".drover-backup"); os.MkdirAll(filepath.Join(dir, filepath.Base(pathIn(b.Args))), 0o700) == nil {
				_ = os.WriteFile(filepath.Join(dir, filepath.Base(pathIn(b.Args)), "file"), []byte("kept"), 0o600)
			}
		}
	})
	id := c.run(api.BackupCluster, api.BackupClusterInput{}, "backup: a/1 a/2"+a12, "verify: a/1").Backup
	require.NoDirExists(t, filepath.Join(c.volumeOf("a/1"), ".drover-backup"))

	restored := newCluster(t)
	seen := func(c *cluster) func(context.Context, *begun, *tracer.Answer) {
		return func(_ context.Context, b *begun, answer *tracer.Answer) {
			data, err := os.ReadFile(filepath.Join(c.volumeOf("a/1"), ".drover-backup", id, "file"))
			if err != nil || string(data) != "kept" {
				answer.Exit = 9
			}
		}
	}
	restored.rec.hook("restore", seen(restored))
	restored.run(api.RestoreCluster, api.RestoreClusterInput{Backup: id}, "restore: a/1 a/2"+a12)
	require.Equal(t, "RE1 RE2 RE3 RE4 RE5 RE6", restored.walked())

	c.rec.hook("restore", seen(c))
	c.run(api.RestoreInPlace, api.RestoreInPlaceInput{Backup: id}, "destroy: a/1 a/2"+a12, "restore: a/1 a/2")
	require.Equal(t, "RI1 RI2 RI3 RI4 RI5", c.walked())
	c.run(api.DeleteBackup, api.DeleteBackupInput{Backup: id}, "delete_snapshot: a/1 a/2"+a12)
	require.Equal(t, "DB1 DB2 DB3", c.walked())
}
