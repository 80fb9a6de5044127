package scaffold

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/agent/confd"
	"drover/specs"
	"drover/starter/preview"
)

// TestANewPackageIsWithoutFindings: it lints, renders, its templates render, and shellcheck has nothing against its scripts.
func TestANewPackageIsWithoutFindings(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "my-app")
	written, err := Write(dir, "my-app")
	require.NoError(t, err)
	require.Contains(t, written, "images/my-app-1.0.0/opt/app/service")
	p, err := specs.Open(filepath.Join(dir, "package"))
	require.NoError(t, err)
	require.Empty(t, specs.Lint(t.Context(), p))
	require.Equal(t, []string{"my-app-1.0.0"}, specs.Images(t.Context(), p))
	spec, _, err := p.Render(t.Context(), nil)
	require.NoError(t, err)
	cluster, err := preview.New("my-app", spec)
	require.NoError(t, err)
	keys, image, err := cluster.View("my_app_node/2")
	require.NoError(t, err)
	engine := confd.New(confd.Options{ConfDir: filepath.Join(dir, "images", image, "etc", "confd")})
	problems, err := engine.CheckConfig(t.Context(), preview.Known)
	require.NoError(t, err)
	require.Empty(t, problems)
	rendered, warnings, err := engine.Preview(t.Context(), keys)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, "name=cln-00000005\nip=10.77.0.3\ninterval=1\nmembers=\"10.77.0.2 10.77.0.3 \"\n", rendered[0].Content)

	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed")
	}
	out, err := exec.Command(program, "-s", "sh", "-e", "SC1090,SC2154", filepath.Join(dir, "images", image, "opt/app/service")).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "A", "a", "a/b", "-a", "a_b"} {
		_, err := Write(t.TempDir(), name)
		require.ErrorContains(t, err, "expected 2 to 32")
	}
	dir := t.TempDir()
	_, err := Write(dir, "one")
	require.NoError(t, err)
	_, err = Write(dir, "two")
	require.ErrorContains(t, err, "is not empty")
}
