package remote

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

const token = "s3cret-token's \\ value"

func install(t testing.TB) AgentInstall {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return AgentInstall{BinaryPath: self, Config: api.Config{
		ClusterID: "cl-00000001", NodeID: "cln-00000001", InstanceID: "i-00000001", Role: "role", Token: token,
		HealthCheck: &api.HealthCheck{CheckCmd: "first\n\tsecond 'x' \"y\" %s \\n $HOME"},
	}}
}

// preinstall puts the binary on the node, as node images do.
func preinstall(t testing.TB, r root, in AgentInstall) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(r.paths().binary), 0o755))
	if os.Link(in.BinaryPath, r.paths().binary) == nil {
		return
	}
	b, err := os.ReadFile(in.BinaryPath)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(r.paths().binary, b, 0o755))
}

func TestEnsure(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	a := NewAgents(newPool(t, Options{Signer: s.user}))
	r := newRoot(t)
	a.paths = r.paths()
	in := install(t)
	execs := func() int32 { return s.execs.Swap(0) }

	require.NoError(t, a.Ensure(t.Context(), s.target(), in), "bare node")
	require.Equal(t, "start", r.log(t))
	require.EqualValues(t, 2, execs(), "one finds the binary missing, one starts")
	info, err := os.Stat(r.paths().config)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode())
	data, err := os.ReadFile(r.paths().config)
	require.NoError(t, err)
	require.Contains(t, string(data), `s3cret-token's \\ value`)
	before, err := os.Stat(r.paths().binary)
	require.NoError(t, err)

	require.NoError(t, a.Ensure(t.Context(), s.target(), in), "again")
	require.Equal(t, "start", r.log(t), "nothing to do")
	require.EqualValues(t, 1, execs())

	in.Config.InstanceID = "i-00000002"
	require.NoError(t, a.Ensure(t.Context(), s.target(), in), "other configuration")
	require.Equal(t, "start start", r.log(t))
	st, err := a.Status(t.Context(), s.target())
	require.NoError(t, err)
	require.Equal(t, "i-00000002", st.InstanceID)
	require.EqualValues(t, 1, execs())
	after, err := os.Stat(r.paths().binary)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "the binary travelled once")

	stopStandIn(r) // its socket stays behind
	require.NoError(t, a.Ensure(t.Context(), s.target(), in), "dead agent")
	require.Equal(t, "start start start", r.log(t))

	// a binary of another build, of the same size
	b, err := os.ReadFile(r.paths().binary)
	require.NoError(t, err)
	bin, err := a.binaries.of(in.BinaryPath)
	require.NoError(t, err)
	require.NotEmpty(t, bin.build, "go test binaries have a build id")
	id := bytes.Index(b, []byte("Go\x00\x00")) // the note's name; its build id follows
	require.Positive(t, id)
	b[id+8] ^= 1
	require.NoError(t, os.Remove(r.paths().binary))
	require.NoError(t, os.WriteFile(r.paths().binary, b, 0o755))
	require.NoError(t, a.Ensure(t.Context(), s.target(), in), "other binary")
	sum, err := a.pool.Digest(t.Context(), s.target(), r.paths().binary)
	require.NoError(t, err)
	want, err := bin.digest()
	require.NoError(t, err)
	require.Equal(t, want, sum)
	require.ElementsMatch(t, []string{"drover-agent"}, names(t, filepath.Dir(r.paths().binary)))
	require.ElementsMatch(t, []string{"agent.json"}, names(t, filepath.Dir(r.paths().config)))
}

func TestEnsureOnAPreinstalledNodeIsOneCommand(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	a := NewAgents(newPool(t, Options{Signer: s.user}))
	r := newRoot(t)
	a.paths = r.paths()
	in := install(t)
	preinstall(t, r, in)
	require.NoError(t, a.Ensure(t.Context(), s.target(), in))
	require.EqualValues(t, 1, s.execs.Load())
	require.Equal(t, "start", r.log(t))
}

func TestEnsureWithoutABuildIDComparesInFull(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	a := NewAgents(newPool(t, Options{Signer: s.user}))
	r := newRoot(t)
	a.paths = r.paths()
	in := install(t)
	preinstall(t, r, in)
	bin, err := a.binaries.of(in.BinaryPath)
	require.NoError(t, err)
	bin.build = ""
	require.NoError(t, a.Ensure(t.Context(), s.target(), in))
	require.EqualValues(t, 1, s.execs.Load())
}

func TestEnsureTellsWhyTheAgentDoesNotStart(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	a := NewAgents(newPool(t, Options{Signer: s.user}))
	r := newRoot(t)
	a.paths = r.paths()
	in := install(t)
	preinstall(t, r, in)
	require.NoError(t, os.WriteFile(string(r)+"/broken", nil, 0o600))
	err := a.Ensure(t.Context(), s.target(), in)
	require.True(t, fault.Is(err, fault.Internal), "%v", err)
	require.Contains(t, err.Error(), "cannot start")
	require.NotContains(t, err.Error(), "s3cret")
	require.Equal(t, s.target().NodeID, fault.As(err).Node)
}

func TestEnsureRefusesAForeignAgent(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	r := newRoot(t)
	n.paths.binary, n.paths.config, n.ready = r.paths().binary, r.paths().config, 3*time.Second
	in := install(t)
	preinstall(t, r, in)
	n.status = api.Status{ClusterID: "cl-other000", NodeID: "cln-other000"}
	err := n.Ensure(t.Context(), n.target, in)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.Contains(t, err.Error(), "cl-other000")
}

func TestEnsureWithoutABinary(t *testing.T) {
	t.Parallel()
	a := NewAgents(newPool(t, Options{Signer: newSigner(t)}))
	err := a.Ensure(t.Context(), Target{NodeID: "cln-x"}, AgentInstall{BinaryPath: "/nonexistent/agent"})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}
