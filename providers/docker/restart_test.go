package docker

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/fault"
	"drover/providers"
)

// TestEngineRestarts kills and restarts the engine between any two effects of a call: the only consequence is a retry.
// Running nodes run again, with their files.
func TestEngineRestarts(t *testing.T) {
	l := needLab(t)
	ctx := t.Context()
	e, err := startEngine(filepath.Join(l.dir, "r"))
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			raw, _ := os.ReadFile(filepath.Join(l.dir, "r", "dockerd.log"))
			t.Logf("the end of the output of dockerd: %s", raw[max(0, len(raw)-10000):])
		}
		require.NoError(t, e.Close())
	})
	o := l.options(newID("restart"))
	o.Host = e.Host
	p := open(t, o)
	signer, key := newKey(t)
	spec := func(image string, mounts ...providers.Mount) providers.InstanceSpec {
		return providers.InstanceSpec{
			ID: newID("i"), Tags: providers.Tags{ClusterID: "cl-restart1", NodeID: newID("cln")}, Image: image,
			Size: providers.Size{CPU: 1, Memory: 128}, AuthorizedKey: key, Mounts: mounts,
		}
	}
	v, err := p.CreateVolume(ctx, providers.VolumeSpec{ID: newID("vol"), Tags: providers.Tags{ClusterID: "cl-restart1"}, SizeGiB: 1})
	require.NoError(t, err)
	data := providers.Mount{VolumeID: v.ID, Path: "/data"}
	up, err := p.CreateInstance(ctx, spec("drover-test/one:1", data))
	require.NoError(t, err)
	off, err := p.CreateInstance(ctx, spec("drover-test/one:1"))
	require.NoError(t, err)
	require.NoError(t, p.StopInstance(ctx, off.ID))
	off.State = providers.Off
	require.Empty(t, onNode(t, up, signer, "echo kept | tee /data/file > /root-file"))

	// restartAt returns a provider for which the engine dies at the step and is back when the call continues.
	restartAt := func(step string, killed bool) *Provider {
		q := open(t, o)
		q.step = func(name string) error {
			if name != step {
				return nil
			}
			step = ""
			if killed {
				e.Kill()
			}
			return e.Restart(ctx)
		}
		return q
	}
	// again retries a call until it succeeds; failures must be retryable.
	again := func(call func() error) {
		t.Helper()
		for give := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
			err := call()
			if err == nil {
				return
			}
			require.NotNil(t, fault.As(err), "not a fault: %v", err)
			require.True(t, fault.As(err).Retryable && time.Now().Before(give), "%v", err)
			t.Logf("retried: %v", err)
		}
	}

	for step, killed := range map[string]bool{"created": true, "furnished": false, "started": true} {
		s := spec("drover-test/one:1")
		q := restartAt(step, killed)
		var made providers.Instance
		again(func() (err error) { made, err = q.CreateInstance(ctx, s); return err })
		require.Equal(t, s.ID, onNode(t, made, signer, "hostname"))
		// The engine answers before it has restarted the containers.
		require.Equal(t, "kept", onNode(t, up, signer, "cat /root-file"))
		have, err := p.List(ctx, s.Tags.ClusterID)
		require.NoError(t, err)
		require.ElementsMatch(t, []providers.Instance{up, off, made}, have.Instances, "after a restart at %q", step)
		again(func() error { return p.DeleteInstance(ctx, made.ID) })
	}
	old := up.ID
	for step, killed := range map[string]bool{"furnished": true, "old off": true, "old gone": false} {
		s := spec("drover-test/two:1", data)
		s.Tags = up.Tags
		q := restartAt(step, killed)
		var made providers.Instance
		again(func() (err error) { made, err = q.ReplaceImage(ctx, old, s); return err })
		require.Equal(t, up.IP, made.IP, "after a restart at %q", step)
		require.Equal(t, "kept", onNode(t, made, signer, "cat /data/file"))
		old = made.ID
	}
	have, err := p.List(ctx, "cl-restart1")
	require.NoError(t, err)
	require.Len(t, have.Instances, 2)
	require.Contains(t, have.Instances, off)

	e.Kill()
	_, err = p.List(ctx, "cl-restart1")
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	require.True(t, fault.Is(p.DeleteInstance(ctx, off.ID), fault.Unreachable))
	require.NoError(t, e.Restart(ctx))
	for _, i := range have.Instances {
		again(func() error { return p.DeleteInstance(ctx, i.ID) })
	}
	again(func() error { return p.DeleteVolume(ctx, v.ID) })
	left, err := leftovers(ctx, p)
	require.NoError(t, err)
	require.Empty(t, left)
}

func newKey(t *testing.T) (ssh.Signer, string) {
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return signer, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

// onNode returns the output of a command that must succeed. A node that the engine restarts may take a moment.
func onNode(t *testing.T, i providers.Instance, signer ssh.Signer, command string) string {
	t.Helper()
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(i.SSH.HostKey))
	require.NoError(t, err)
	var client *ssh.Client
	require.Eventually(t, func() bool {
		client, err = ssh.Dial("tcp", i.SSH.Addr, &ssh.ClientConfig{
			User: i.SSH.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.FixedHostKey(hostKey), Timeout: time.Minute,
		})
		return err == nil
	}, time.Minute, 50*time.Millisecond, "log in to %s", i.ID)
	defer client.Close()
	session, err := client.NewSession()
	require.NoError(t, err)
	defer session.Close()
	out, err := session.CombinedOutput(command)
	require.NoErrorf(t, err, "%s: %s", command, out)
	return strings.TrimSpace(string(out))
}
