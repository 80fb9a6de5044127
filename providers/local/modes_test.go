package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/providers/conformance"
)

// someUser is a uid that owns nothing and has no entry in passwd: provider local must not need one.
const someUser = 47_111

// TestRootless runs this package's tests as an ordinary user.
func TestRootless(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIP: not root, so the other tests are rootless already")
	}
	t.Parallel()
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
	cmd := exec.Command(program, "-test.v", "-test.run", "^(TestConformance|TestNothingTouchesTheHost|TestHostileRoot|TestImageStaysClean|TestServices|TestWorkerKilled|TestPidReuse|TestManyNodes|TestCopiedImages)$")
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
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil || !mayMount() {
		t.Skipf("SKIP: needs root and /usr/sbin/sshd (%v)", err)
	}
	o := options(t, "127.78.32.0/20")
	o.SSHServer = sshd
	conformance.Run(t, harness(t, o))
}

func TestOptionsSayAllProblems(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Range: "10.0.0.0/8", NodeBinary: "/no/such", AgentBinary: "/etc/passwd", SSHServer: "/bin/none"})
	f := fault.As(err)
	require.NotNil(t, f)
	require.Equal(t, fault.Invalid, f.Type)
	require.GreaterOrEqual(t, len(f.Problems), 6)
}
