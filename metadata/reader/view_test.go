package reader

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metadata"
	"drover/metadata/pack"
)

func linked() *Snapshot {
	own := treeOf(metadata.Tree{
		"self/hosts/kv/i-1/ip": "10.0.0.1", "self/hosts/kv/i-12/ip": "10.0.0.2", "self/hosts/kv-replica/i-3/ip": "10.0.0.3",
		"self/cluster/app_id": "app", "self/env/quota": "2", "self/env/a.b": "", "self/links/zk": "cl-z", "self/links/gone": "cl-g",
		"roles/kv/env/quota": "4", "roles/kv/env/-own": "1", "roles/kv-replica/env/quota": "8",
		"self/adding-hosts/kv/i-12/ip": "10.0.0.2", "self/vertical-scaling-roles": "kv",
	})
	zk := treeOf(metadata.Tree{
		"self/hosts/i-9/ip": "10.9.9.9", "self/env/port": "2181", "self/links/kv": clusterID, "roles/x/env/port": "1",
	})
	zk.revision = 5
	return &Snapshot{ClusterID: clusterID, own: own, links: []link{{"gone", "cl-g", nil}, {"zk", "cl-z", zk}}}
}

func TestView(t *testing.T) {
	t.Parallel()
	shared := map[string]string{
		"/hosts/kv/i-1/ip": "10.0.0.1", "/hosts/kv/i-12/ip": "10.0.0.2", "/hosts/kv-replica/i-3/ip": "10.0.0.3",
		"/cluster/app_id": "app", "/env/a.b": "", "/adding-hosts/kv/i-12/ip": "10.0.0.2", "/vertical-scaling-roles": "kv",
		"/links/zk/hosts/i-9/ip": "10.9.9.9", "/links/zk/env/port": "2181",
	}
	for name, c := range map[string]struct {
		self Self
		own  map[string]string
	}{
		"master": {Self{Role: "kv", InstanceID: "i-1"},
			map[string]string{"/env/quota": "4", "/env/-own": "1", "/host/ip": "10.0.0.1"}},
		"replica":     {Self{Role: "kv-replica", InstanceID: "i-3"}, map[string]string{"/env/quota": "8", "/host/ip": "10.0.0.3"}},
		"not in it":   {Self{Role: "kv", InstanceID: "i-99"}, map[string]string{"/env/quota": "4", "/env/-own": "1"}},
		"without env": {Self{Role: "client", InstanceID: "i-5"}, map[string]string{"/env/quota": "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]string{}
			for _, part := range []map[string]string{shared, c.own} {
				for key, value := range part {
					want[key] = value
				}
			}
			require.Equal(t, want, linked().View(c.self))

			c.self.RootAccess = true
			root := linked().View(c.self)
			for key, value := range want {
				require.Equal(t, value, root["/self"+key], key)
				delete(root, "/self"+key)
			}
			require.Equal(t, map[string]string{
				"/clusters/cl-00000001/hosts/kv/i-1/ip":         "10.0.0.1",
				"/clusters/cl-00000001/hosts/kv/i-12/ip":        "10.0.0.2",
				"/clusters/cl-00000001/hosts/kv-replica/i-3/ip": "10.0.0.3",
				"/clusters/cl-00000001/adding-hosts/kv/i-12/ip": "10.0.0.2",
				"/clusters/cl-00000001/cluster/app_id":          "app",
				"/clusters/cl-00000001/env/quota":               "2",
				"/clusters/cl-00000001/env/a.b":                 "",
				"/clusters/cl-00000001/vertical-scaling-roles":  "kv",
				"/clusters/cl-z/hosts/i-9/ip":                   "10.9.9.9",
				"/clusters/cl-z/env/port":                       "2181",
			}, root)
		})
	}
	require.Equal(t, map[string]int64{"cl-z": 5}, linked().Linked())
}

func TestViewRoleless(t *testing.T) {
	t.Parallel()
	s := &Snapshot{own: treeOf(metadata.Tree{"self/hosts/i-1/ip": "a", "self/hosts/i-12/ip": "b", "self/env/k": "v"})}
	require.Equal(t, map[string]string{"/hosts/i-1/ip": "a", "/hosts/i-12/ip": "b", "/env/k": "v", "/host/ip": "a"},
		s.View(Self{InstanceID: "i-1"}))
}

func TestViewBelongsToTheCaller(t *testing.T) {
	t.Parallel()
	s := linked()
	clear(s.View(Self{Role: "kv"}))
	require.NotEmpty(t, s.View(Self{Role: "kv"}))
}

// FuzzList: any keys and values in Consul arrive unchanged through its JSON.
func FuzzList(f *testing.F) {
	f.Add("a.b", "x")
	f.Add(`<&>"\`+"\u2028", "\x00\xff")
	f.Add("größe %2F ?#", "")
	f.Fuzz(func(t *testing.T, name, value string) {
		if name != strings.ToValidUTF8(name, "") || strings.Contains(name, "/") || name == "" {
			t.Skip("not a name metadata accepts")
		}
		body := consulList(t, map[string]string{"d/revision": "3", "d/self/env/" + name: value, "d/self/": "", "d/other": "x"})
		got, flux, err := parseList(body, "d/")
		require.NoError(t, err)
		require.False(t, flux)
		require.EqualValues(t, 3, got.revision)
		require.Equal(t, []pack.Entry{{Key: "/self/env/" + name, Value: value}}, got.entries)
	})
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	zk := treeOf(metadata.Tree{"self/env/pw": "z", "roles/secrets/pw": "", "self/hosts/i-9/token": "t"})
	s := &Snapshot{ClusterID: clusterID, links: []link{{"gone", "cl-g", nil}, {"zk", "cl-z", zk}}, own: treeOf(metadata.Tree{
		"self/env/pw": "p", "roles/secrets/pw": "", "roles/secrets/env/pw": "a role named secrets", "self/env/token": "no secret",
		"self/hosts/kv/i-1/token": "t", "self/adding-hosts/kv/i-2/token": "u", "self/hosts/kv/i-3/token": "",
	})}
	want := []string{"/env/pw", "/host/token", "/hosts/kv/i-1/token", "/adding-hosts/kv/i-2/token", "/links/zk/env/pw", "/links/zk/hosts/i-9/token"}
	node := Self{Role: "kv", InstanceID: "i-1"}
	require.ElementsMatch(t, want, s.Secrets(node))
	node.RootAccess = true
	for i, key := range want {
		want[i] = "/self" + key
	}
	require.ElementsMatch(t, append(want, "/clusters/cl-00000001/env/pw", "/clusters/cl-00000001/hosts/kv/i-1/token",
		"/clusters/cl-00000001/adding-hosts/kv/i-2/token", "/clusters/cl-z/env/pw", "/clusters/cl-z/hosts/i-9/token"), s.Secrets(node))
}
