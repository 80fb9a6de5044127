package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
)

// TestNothingTouchesTheHost is an attack from the inside, as root of a node.
func TestNothingTouchesTheHost(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.16.0/24")))
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("host only"), 0o644))
	victim := exec.Command("sleep", "1000")
	require.NoError(t, victim.Start())
	defer func() { _ = victim.Process.Kill(); _ = victim.Wait() }()
	i := o.create()
	require.Empty(t, nodeMounts(t, o.p), "a running node shows in the host's mount table")

	for what, command := range map[string]string{
		"write to /usr":               "touch /usr/touched",
		"write to a host program":     "echo x >> /usr/bin/env",
		"write to drover-node":        "echo x >> /proc/1/exe",
		"write to drover-agent":       "echo x >> /opt/drover/bin/drover-agent",
		"remount /usr":                "mount -o remount,rw /usr",
		"mount something":             "mount -t tmpfs none /mnt",
		"mount in a user namespace":   "unshare -Urm sh -c 'umount /proc/sys || mount -o remount,rw,bind /usr' && touch /usr/touched",
		"change the kernel":           "echo 1 > /proc/sys/kernel/panic",
		"change sysctl by unmounting": "umount /proc/sys && echo 1 > /proc/sys/kernel/panic",
		"make a device":               "mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk",
		"read the kernel's memory":    "cat /proc/kcore | head -c 1 | grep -q .",
		"set the clock":               "date -s '2001-01-01'",
		"reboot":                      "reboot -f",
		"see a host file":             "cat " + secret,
		"see the host's home":         "test -e /root/go || test -e /work",
		"see the state folder":        "ls " + o.p.options.StateDir,
		"see host processes":          fmt.Sprintf("kill -0 %d", victim.Process.Pid),
		"reach the old root":          "chroot /proc/1/root/.. ls " + secret,
		"see sysfs":                   "ls /sys | grep .",
		"set the host name for all":   "hostname stranger",
		"change the network":          "ip link set lo down || ip addr add 10.9.9.9/32 dev lo",
	} {
		out, err := o.try(i, command)
		require.Errorf(t, err, "%s succeeded: %s", what, out)
		t.Logf("%s: %s", what, out)
	}
	o.run(i, "kill -9 -1; true")
	require.NoError(t, victim.Process.Signal(nullSignal), "a node killed a process of the host")
	// Process 1 of the node cannot be killed from the inside; all else was.
	require.Equal(t, "1", strings.Fields(o.run(i, "ps -eo pid,comm --no-headers | grep drover-node"))[0])
	require.NotContains(t, o.run(i, "ps -eo comm"), "sleep")
	require.Empty(t, nodeMounts(t, o.p))
	_, err := os.Stat("/usr/touched")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestHostileRoot: links that a node leaves in its root lead nowhere but into the node at the next boot.
func TestHostileRoot(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.17.0/24")))
	v, err := o.p.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-aaaaaaaa", Tags: providers.Tags{ClusterID: "cl-aaaaaaaa"}, SizeGiB: 1})
	require.NoError(t, err)
	s := o.spec()
	s.Mounts = []providers.Mount{{VolumeID: v.ID, Path: "/srv/data"}}
	i, err := o.p.CreateInstance(t.Context(), s)
	require.NoError(t, err)
	outside := t.TempDir()
	require.NoError(t, os.Chmod(outside, 0o777))
	o.run(i, "rm -rf /etc/hosts /opt/app && ln -s "+outside+"/hosts /etc/hosts && ln -s "+outside+"/drover /etc/.hosts.drover")
	o.run(i, "mv /srv /srv2 && ln -s "+outside+" /srv")
	require.NoError(t, o.p.StopInstance(t.Context(), i.ID))
	i, err = o.p.StartInstance(t.Context(), i.ID)
	if err == nil {
		o.run(i, "true")
	}
	require.NoError(t, o.p.DeleteInstance(t.Context(), s.ID))
	require.NoError(t, o.p.DeleteVolume(t.Context(), v.ID))
	entries, err := os.ReadDir(outside)
	require.NoError(t, err)
	require.Empty(t, entries, "booting a node wrote to the host")
}

// TestImageStaysClean: nodes change their own copies.
func TestImageStaysClean(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.18.0/24")))
	i, j := o.create(), o.create()
	require.Equal(t, "one", o.run(i, "cat /opt/app/version"))
	require.Equal(t, "hello from one", o.run(i, "hello"))
	o.run(i, "echo changed > /opt/app/version; rm /etc/app/config; rm -r /usr/local/bin")
	require.Equal(t, "one", o.run(j, "cat /opt/app/version"))
	require.Equal(t, "image one", o.run(j, "cat /etc/app/config"))
	require.Equal(t, "hello from one", o.run(j, "hello"))
	raw, err := os.ReadFile(filepath.Join(o.p.options.ImagesDir, "one/opt/app/version"))
	require.NoError(t, err)
	require.Equal(t, "one", string(raw))
}

// nodeMounts are the host's mounts that have to do with the provider. Others come and go with whatever else runs here.
func nodeMounts(t *testing.T, p *Provider) []string {
	raw, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	var found []string
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, p.options.StateDir) || strings.Contains(line, p.mark) {
			found = append(found, line)
		}
	}
	return found
}
