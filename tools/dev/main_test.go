package main

import (
	"net/netip"
	"os"
	"testing"

	"github.com/google/uuid"
	consul "github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/metadata/views"
	"drover/tests/stack"
	"drover/tests/stack/consultest"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }

// The console's token does what the documentation says, also after a second start and after one with other rules.
func TestTheConsoleReadsViewsAndNothingElse(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/console.md")
	require.NoError(t, err)
	require.Contains(t, string(doc), "\n    "+views.Policy(prefix)+"\n")

	server := consultest.StartWithACLs(t)
	for _, key := range []string{"drover/views/cl-1", "drover/clusters/cl-1", "drover/records/cl-1"} {
		_, err := server.Client.KV().Put(&consul.KVPair{Key: key}, nil)
		require.NoError(t, err)
	}
	_, _, err = server.Client.ACL().PolicyCreate(&consul.ACLPolicy{Name: consolePolicy, Rules: `acl = "write"`}, nil)
	require.NoError(t, err)
	secret := uuid.NewString()
	for range 2 {
		require.NoError(t, grant(t.Context(), server.Client, secret))
	}
	client, err := server.ClientWith(secret)
	require.NoError(t, err)
	seen, _, err := client.KV().List("drover/views/", nil)
	require.NoError(t, err)
	require.Len(t, seen, 1)
	for _, key := range []string{"drover/clusters/cl-1", "drover/records/cl-1"} {
		_, _, err = client.KV().Get(key, nil)
		require.ErrorContains(t, err, "403")
	}
	_, err = client.KV().Put(&consul.KVPair{Key: "drover/views/cl-1"}, nil)
	require.ErrorContains(t, err, "403")
	_, _, err = client.ACL().TokenList(nil)
	require.ErrorContains(t, err, "403")
}

func TestSourceTreesHaveTheirOwnAddresses(t *testing.T) {
	t.Parallel()
	require.Equal(t, addresses("/a"), addresses("/a"), "the same after a restart")
	seen := map[string]bool{}
	for _, root := range []string{"/a", "/b", "/home/ann/drover", "/home/ann/drover2", "/home/bob/drover"} {
		p, err := netip.ParsePrefix(addresses(root))
		require.NoError(t, err)
		require.Equal(t, p.Masked(), p, "a range begins where it says")
		for _, other := range []string{"127.77.0.0/16", "127.79.0.0/16", "127.128.0.0/9"} {
			require.False(t, p.Overlaps(netip.MustParsePrefix(other)), "%s, %s", p, other)
		}
		seen[p.String()] = true
	}
	require.Len(t, seen, 5)
}
