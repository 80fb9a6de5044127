package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

var update = flag.Bool("update", false, "write the pictures again")

// TestPictures compares what operators look at every day, in terminals of 80 and 200 columns, a pipe and -o wide.
func TestPictures(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) string { return now.Add(-ago).Format(time.RFC3339) }
	clusters := []api.ClusterView{
		{ClusterID: "cl-00000001", Name: "orders", App: "etcd", Version: "3.6.0", State: "active", NodeCount: 3, CreatedAt: at(50 * time.Hour),
			Health: &api.Health{Healthy: 3}, Provider: "local", Labels: map[string]string{"team": "payments", "tier": "gold"}, Protected: true},
		{ClusterID: "cl-00000002", Name: "订单服务的缓存集群", App: "redis-cluster", Version: "7.2.4-build.20260101", State: "active", NodeCount: 120,
			CreatedAt: at(3 * time.Hour), Health: &api.Health{Healthy: 117, Silent: 2, Off: 1}, Provider: "docker",
			Operation: api.OperationView{Type: api.AddNodes, State: api.OpHeld, Step: "AN4 init, order 0", Since: at(10 * time.Minute)}},
		{ClusterID: "cl-00000003", Name: "a-name-that-is-as-long-as-a-name-of-a-cluster-may-ever-be-yes-so", App: "zookeeper", Version: "3.9", State: "stopped",
			NodeCount: 5, CreatedAt: at(90 * time.Second), Health: &api.Health{Off: 5}, Provider: "static"},
	}
	nodes := []api.NodeView{
		{NodeID: "cln-00000001", InstanceID: "i-00000001", Role: "etcd_node", SID: 1, IP: "10.0.0.1", CPU: 2, Memory: 4096, VolumeSize: 20, Agent: "revision 7", Health: "healthy"},
		{NodeID: "cln-00000002", InstanceID: "i-00000002", Role: "etcd_node", SID: 2, IP: "10.0.0.2", CPU: 2, Memory: 4096, VolumeSize: 20, Agent: "off"},
		{NodeID: "cln-00000003", InstanceID: "i-00000003", Role: "etcd_node", SID: 3, IP: "10.0.0.3", CPU: 2, Memory: 4096, VolumeSize: 20,
			Agent: "unreachable: dial tcp 10.0.0.3:22: connect: no route to host, after 3 attempts", Health: "unknown"},
	}
	operation := client.Operation{
		ClusterID: "cl-00000002", Type: api.AddNodes, State: client.StateRunning, StartedAt: now.Add(-12 * time.Minute),
		RunID: "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
		Waiting: &client.Waiting{
			Step: "AN3", Words: "wait for revision 8", State: "running", Since: now.Add(-2 * time.Minute), Done: 118, Total: 120, Next: "AN4 init, order 0",
			Nodes:  []api.BeatNode{{Node: "redis/119 cln-00000119", Since: now.Add(-2 * time.Minute), Command: "reload of redis.toml: /opt/app/bin/reload.sh"}},
			Cancel: "stops the running commands",
		},
	}
	history := []client.Operation{
		operation,
		{ClusterID: "cl-00000002", Type: api.UpgradeCluster, State: client.StateFailed, StartedAt: now.Add(-26 * time.Hour), EndedAt: now.Add(-25 * time.Hour),
			RunID: "6fa459ea-ee8a-3ca4-894e-db77e160355e",
			Error: fault.New(fault.CommandFailed, "start of redis failed on cln-00000007: cannot open the append-only file: no space left on device")},
	}
	described := clusters[1]
	described.Reason, described.Revision = "UpgradeCluster failed: start of redis failed on cln-00000007, exit code 1", 8
	described.Endpoints = []api.Endpoint{{Name: "client", Port: "6379", Protocol: "tcp"}}
	for _, size := range []struct {
		name   string
		width  int
		format output.Format
	}{{"80", 80, output.Text}, {"200", 200, output.Text}, {"pipe", 0, output.Text}, {"wide", 80, output.Wide}} {
		a := newApp(System{
			Now: func() time.Time { return now }, Stdout: &bytes.Buffer{},
			Terminal: func(any) (int, int, bool) { return size.width, 24, size.width > 0 },
		})
		a.printer.Format = size.format
		for name, blocks := range map[string][]output.Block{
			"list":   {a.clusterTable(clusters)},
			"nodes":  {nodeTable(nodes)},
			"ops":    {a.opsTable(history)},
			"status": {a.clusterFields(&described, &operation), a.operationLines(&operation, nil)},
		} {
			picture := &bytes.Buffer{}
			a.printer.Stdout = picture
			require.NoError(t, a.printer.Print(output.Output{Blocks: blocks}))
			file := filepath.Join("testdata", "pictures", fmt.Sprintf("%s.%s", name, size.name))
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, picture.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, strings.TrimSpace(string(want)), strings.TrimSpace(picture.String()), file)
		}
	}
}
