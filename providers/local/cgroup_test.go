package local

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
)

func TestLimitValues(t *testing.T) {
	t.Parallel()
	all := []string{"cpu", "memory", "pids"}
	for name, c := range map[string]struct {
		h    hierarchy
		size providers.Size
		want map[string]string
	}{
		"v2": {hierarchy{v2: true, controllers: all}, providers.Size{CPU: 2, Memory: 512},
			map[string]string{"cpu.max": "200000 100000", "memory.max": "536870912", "pids.max": maxPids}},
		"v2 without limit": {hierarchy{v2: true, controllers: all}, providers.Size{},
			map[string]string{"cpu.max": "max 100000", "memory.max": "max", "pids.max": maxPids}},
		"v1 cpu":               {hierarchy{controllers: all[:1]}, providers.Size{CPU: 3}, map[string]string{"cpu.cfs_quota_us": "300000"}},
		"v1 cpu without limit": {hierarchy{controllers: all[:1]}, providers.Size{}, map[string]string{"cpu.cfs_quota_us": "-1"}},
		"v1 memory":            {hierarchy{controllers: all[1:2]}, providers.Size{Memory: 64}, map[string]string{"memory.limit_in_bytes": "67108864"}},
	} {
		require.Equal(t, c.want, c.h.values(c.size), name)
	}
}

// TestV2Groups uses a folder shaped like a v2 hierarchy in which only the user's own part can be written to.
func TestV2Groups(t *testing.T) {
	t.Parallel()
	mount := t.TempDir()
	own := "/user.slice/user@1000.service/app.slice/worker.scope"
	for dir := own; dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(t, os.MkdirAll(filepath.Join(mount, dir), 0o755))
		offered := "cpu memory pids\n"
		if dir == "/user.slice" {
			offered = "pids\n"
		}
		require.NoError(t, os.WriteFile(filepath.Join(mount, dir, "cgroup.controllers"), []byte(offered), 0o644))
	}
	h, err := usableV2(mount, own, "drover-x")
	require.NoError(t, err)
	require.Equal(t, hierarchy{v2: true, controllers: []string{"cpu", "memory", "pids"}, dir: filepath.Join(mount, "user.slice/user@1000.service/drover-x")}, h)

	l := limiter{groups: []hierarchy{h}}
	require.True(t, l.cpu() && l.memory())
	enter, err := l.join("i-1", providers.Size{CPU: 1, Memory: 64})
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(h.dir, "i-1/cgroup.procs")}, enter)
	raw, err := os.ReadFile(filepath.Join(h.dir, "i-1/memory.max"))
	require.NoError(t, err)
	require.Equal(t, "67108864", string(raw))
	left, err := l.leftovers()
	require.NoError(t, err)
	require.Len(t, left, 2)

	_, err = usableV2(mount, "/user.slice", "drover-x")
	require.ErrorContains(t, err, "offers no cpu or memory controller")
}
