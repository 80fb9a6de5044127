package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/durable"
	"drover/fault"
	"drover/providers"
	"drover/providers/conformance"
)

// someUser is a uid that owns nothing and has no entry in passwd: provider local must not need one.
const someUser = 47_111

// TestRootless runs this package's tests as an ordinary user.
func TestRootless(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIP: not root, so the other tests are rootless already")
	}
	dir, err := os.MkdirTemp("", "drover-rootless-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chown(dir, someUser, someUser))
	// The test binary lies where other users may not look.
	program := filepath.Join(dir, "local.test")
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, copyFile(self, program))
	require.NoError(t, os.Chmod(program, 0o755))
	// Only now: a program that another test starts meanwhile would inherit the file while it is written, and what is open
	// for writing cannot be started ("text file busy").
	t.Parallel()
	cmd := exec.Command(program, "-test.v", "-test.run", "^(TestConformance|TestNothingTouchesTheHost|TestHostileRoot|TestImageStaysClean|TestServices|TestWorkerKilled|TestPidReuse|TestManyNodes|TestCopiedImages|TestMachineForbids|TestBootFailure|TestLeftoversTellWhatIsThere)$")
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "DROVER_TEST_NODE=" + nodeBinary(t)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: someUser, Gid: someUser}}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
}

// TestCopiedImages: without overlayfs everything works the same.
func TestCopiedImages(t *testing.T) {
	t.Parallel()
	o := options(t, "127.78.48.0/20")
	o.copyImages = true
	h := harness(t, o)
	require.False(t, h.Open(t).(*Provider).able.Layered)
	conformance.Run(t, h)
}

// TestOpenSSH: everything works the same with a real OpenSSH server in the nodes.
func TestOpenSSH(t *testing.T) {
	t.Parallel()
	o := options(t, "127.78.32.0/20")
	o.SSHServer = openSSH(t)
	conformance.Run(t, harness(t, o))
}

// openSSH is the machine's server.
func openSSH(t *testing.T) string {
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil || !mayMount() {
		t.Skipf("SKIP: needs root and /usr/sbin/sshd (%v)", err)
	}
	return sshd
}

// TestMachineForbids: a machine that does not let us is told about at once, with a way out.
func TestMachineForbids(t *testing.T) {
	t.Parallel()
	o := options(t, "127.78.64.0/24")
	o.NodeBinary = "/usr/bin/false"
	_, err := New(o)
	f := fault.As(err)
	require.NotNil(t, f)
	require.Equal(t, fault.NotAllowed, f.Type)
	require.NotEmpty(t, f.Hint)
	require.False(t, f.Retryable)
}

// TestBootFailure: an image that cannot boot fails with a reason, can be deleted, and leaves nothing.
func TestBootFailure(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.65.0/24")))
	broken := filepath.Join(o.p.options.ImagesDir, "broken")
	require.NoError(t, os.MkdirAll(broken, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(broken, "etc"), []byte("not a folder"), 0o644))
	s := o.spec()
	s.Image = "broken"
	_, err := o.p.CreateInstance(t.Context(), s)
	require.True(t, fault.Is(err, fault.Internal))
	require.ErrorContains(t, err, "/etc")
	have, err := o.p.List(t.Context(), s.Tags.ClusterID)
	require.NoError(t, err)
	require.Len(t, have.Instances, 1, "what is half made is listed, so that it can be deleted")
	require.Equal(t, providers.Off, have.Instances[0].State)
	require.NoError(t, o.p.DeleteInstance(t.Context(), s.ID))
	left, err := o.p.Leftovers(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestRangeIsUsedUp and free again.
func TestRangeIsUsedUp(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.66.0/29")))
	for range 7 {
		o.create()
	}
	s := o.spec()
	_, err := o.p.CreateInstance(t.Context(), s)
	require.True(t, fault.Is(err, fault.NoCapacity))
	require.NoError(t, o.p.DeleteInstance(t.Context(), s.ID))
}

func TestLeftoversTellWhatIsThere(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.67.0/24")))
	s := o.spec()
	i, err := o.p.CreateInstance(t.Context(), s)
	require.NoError(t, err)
	left, err := o.p.Leftovers(t.Context())
	require.NoError(t, err)
	process, err := o.p.alive(i.ID)
	require.NoError(t, err)
	require.Contains(t, left, o.p.nodeDir(i.ID))
	require.Contains(t, left, o.p.path("addresses", i.IP))
	require.Contains(t, left, fmt.Sprintf("process %d of node %s", process.Pid, i.ID))
	require.NoError(t, o.p.DeleteInstance(t.Context(), i.ID))
	left, err = o.p.Leftovers(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestOptionsSayAllProblems(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Range: "10.0.0.0/8", NodeBinary: "/no/such", AgentBinary: "/etc/passwd", SSHServer: "/bin/none"})
	f := fault.As(err)
	require.NotNil(t, f)
	require.Equal(t, fault.Invalid, f.Type)
	require.GreaterOrEqual(t, len(f.Problems), 6)
}

// A worker that was killed in the middle of a write leaves half a file, which must not hinder anything and go with its
// cluster.
func TestHalfARecordIsInNobodysWay(t *testing.T) {
	t.Parallel()
	p := open(t, options(t, "127.78.68.0/24"))
	half := p.path("networks", durable.Draft(p.networkFile("cl-half", ""))+"1234")
	require.NoError(t, os.WriteFile(half, []byte(`{"cluster_id": "cl-h`), 0o600))
	require.NoError(t, p.EnsureNetwork(t.Context(), providers.Network{ClusterID: "cl-other"}))
	r, err := p.List(t.Context(), "cl-other")
	require.NoError(t, err)
	require.Len(t, r.Networks, 1)
	ids, err := p.Clusters()
	require.NoError(t, err)
	require.Equal(t, []string{"cl-other"}, ids)
	require.NoError(t, p.DeleteNetwork(t.Context(), "cl-half", ""))
	require.NoFileExists(t, half)
	require.NoError(t, p.Clear(t.Context()))
	left, err := p.Leftovers(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
}
