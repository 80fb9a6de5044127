package instances

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/specs"
)

// TestZoneIsWhatTheUserChose: container.zone is where the package's author built the image.
func TestZoneIsWhatTheUserChose(t *testing.T) {
	t.Parallel()
	rec := &lifecycle.Record{Zone: "z1", Spec: &specs.Cluster{}}
	role := &specs.Role{Container: specs.Container{Zone: "build"}}
	require.Equal(t, "z1", Spec(rec, role, lifecycle.Node{}, "").Zone)
	role.Zone = "z2"
	require.Equal(t, "z2", Spec(rec, role, lifecycle.Node{}, "").Zone, "the role's own zone")
	rec.Zone, role.Zone = "", ""
	require.Empty(t, Spec(rec, role, lifecycle.Node{}, "").Zone)
}
