package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	rec := &Record{
		Name: "orders", AppID: "kv", VersionID: "1", Package: "aa", Nodes: []Node{{GSID: 7}, {GSID: 3}, {}},
		Spec:   &specs.Cluster{Links: map[string]string{"a": "cl-2", "b": "cl-1", "unset": ""}},
		Target: &Version{VersionID: "2", Package: "bb", Spec: &specs.Cluster{Links: map[string]string{"a": "cl-2", "c": "cl-3"}}},
	}
	have := rec.Claims()
	require.Equal(t, Claims{Name: "orders", GSIDs: []int{3, 7}, Links: []string{"cl-1", "cl-2", "cl-3"}, Packages: []Package{{"kv", "1", "aa"}, {"kv", "2", "bb"}}}, have)
	require.True(t, have.Equal(rec.Claims()))
	require.Equal(t, Claims{}, have.Without(have))

	rec.Name, rec.VersionID, rec.Package, rec.Target, rec.Nodes = "invoices", "3", "cc", nil, []Node{{GSID: 3}, {GSID: 9}}
	now := rec.Claims()
	require.False(t, now.Equal(have))
	require.Equal(t, Claims{Name: "invoices", GSIDs: []int{9}, Packages: []Package{{"kv", "3", "cc"}}}, now.Without(have))
	require.Equal(t, Claims{Name: "orders", GSIDs: []int{7}, Links: []string{"cl-3"}, Packages: []Package{{"kv", "1", "aa"}, {"kv", "2", "bb"}}}, have.Without(now))
}
