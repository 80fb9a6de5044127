package store_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata/reader"
	"drover/metadata/store"
	"drover/tests/stack/consultest"
)

// documentedPolicy is the policy for a worker's token in docs/security.md.
func documentedPolicy(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/security.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(doc), "<!-- the worker's policy -->\n")
	require.True(t, found)
	policy, _, found := strings.Cut(rest, "<!-- end -->")
	require.True(t, found)
	return policy
}

// tokenWith creates a token with the rules.
func tokenWith(t *testing.T, s *consultest.Server, rules string) string {
	t.Helper()
	policy, _, err := s.Client.ACL().PolicyCreate(&api.ACLPolicy{Name: "p-" + uuid.NewString(), Rules: rules}, nil)
	require.NoError(t, err)
	token, _, err := s.Client.ACL().TokenCreate(&api.ACLToken{Policies: []*api.ACLTokenPolicyLink{{ID: policy.ID}}}, nil)
	require.NoError(t, err)
	return token.SecretID
}

// acl are a worker's stores on a Consul that denies by default.
type acl struct {
	*testing.T
	server *consultest.Server
	store  *store.Store
	access *store.Access
}

func withACLs(t *testing.T) acl {
	s := consultest.StartWithACLs(t)
	client, err := s.ClientWith(tokenWith(t, s, documentedPolicy(t)))
	require.NoError(t, err)
	return acl{t, s, store.New(client, ""), store.NewAccess(client, "")}
}

// publish publishes a revision of a cluster with links to others.
func (a acl) publish(id string, revision int64, links map[string]string) {
	a.Helper()
	rec := record(2)
	rec.ClusterID, rec.Spec.Links = id, links
	consultest.Own(a, a.store, id, "w")
	require.NoError(a, a.store.Publish(a.Context(), id, revision, "w", build(a, rec)))
}

func (a acl) grant(want lifecycle.Access) {
	a.Helper()
	require.NoError(a, a.access.Grant(a.Context(), want))
}

// sees returns the clusters that a new reader with that token can read.
func (a acl) sees(token string) string {
	a.Helper()
	var out []string
	for _, id := range []string{"cl-a", "cl-aa", "cl-b", "cl-c"} {
		r := reader.New(reader.Options{Addr: a.server.Addr, Token: token})
		_, err := r.Snapshot(a.Context(), id)
		if err != nil {
			require.Truef(a, fault.Is(err, fault.Unauthorized), "%v", err)
			require.NotContains(a, err.Error(), token)
			continue
		}
		out = append(out, id)
	}
	return strings.Join(out, " ")
}

func TestNodesReadTheirOwnAndLinkedMetadataAndNothingElse(t *testing.T) {
	t.Parallel()
	a := withACLs(t)
	links := map[string]string{"zk": "cl-b"}
	for _, id := range []string{"cl-aa", "cl-b", "cl-c"} {
		a.publish(id, 1, nil)
	}
	a.publish("cl-a", 1, links)
	require.NoError(t, a.store.SetOperation(t.Context(), "cl-a", "w", "AddNodes"))

	want := lifecycle.Access{ClusterID: "cl-a", Secret: uuid.NewString(), Links: []string{"cl-b"}}
	require.Empty(t, a.sees(want.Secret))
	a.grant(want)
	require.Equal(t, "cl-a cl-b", a.sees(want.Secret))

	// By every way to read a tree: waiting, following changes, listing the keys.
	r := reader.New(reader.Options{Addr: a.server.Addr, Token: want.Secret})
	revision, err := r.WaitRevision(t.Context(), "cl-a", 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, revision)
	snapshot, err := r.Snapshot(t.Context(), "cl-a")
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"cl-b": 1}, snapshot.Linked())
	require.Contains(t, snapshot.View(reader.Self{}), "/links/zk/cluster/cluster_id")
	operation, err := r.Operation(t.Context(), "cl-a")
	require.NoError(t, err)
	require.Equal(t, "AddNodes", operation)
	a.publish("cl-a", 2, links)
	revision, err = r.WaitRevision(t.Context(), "cl-a", 1)
	require.NoError(t, err)
	require.EqualValues(t, 2, revision)
	snapshot, err = r.Snapshot(t.Context(), "cl-a")
	require.NoError(t, err)
	require.EqualValues(t, 2, snapshot.Revision)

	node, err := a.server.ClientWith(want.Secret)
	require.NoError(t, err)
	keys, _, err := node.KV().Keys("", "", nil)
	require.NoError(t, err)
	for _, key := range keys {
		require.True(t, strings.HasPrefix(key, "drover/clusters/cl-a/") || strings.HasPrefix(key, "drover/clusters/cl-b/"), key)
	}
	for _, key := range []string{"drover/state/cl-a", "drover/apps/app-kv/v1", "drover/clusters/cl-c/revision", "other"} {
		_, _, err = node.KV().Get(key, nil)
		require.ErrorContains(t, err, "Permission denied", key)
	}
	for _, key := range []string{"drover/clusters/cl-a/self/env/quota", "drover/clusters/cl-b/x", "drover/state/cl-a"} {
		_, err = node.KV().Put(&api.KVPair{Key: key}, nil)
		require.ErrorContains(t, err, "Permission denied", key)
		_, err = node.KV().Delete(key, nil)
		require.ErrorContains(t, err, "Permission denied", key)
	}
	_, _, err = node.ACL().TokenList(nil)
	require.ErrorContains(t, err, "Permission denied")

	// A recreated cluster with the same id has new grants, which the revocation of the former ones does not affect.
	former, err := a.access.Granted(t.Context(), "cl-a")
	require.NoError(t, err)
	require.Len(t, former, 2)
	anew := lifecycle.Access{ClusterID: "cl-a", Secret: uuid.NewString(), Links: want.Links}
	a.grant(anew)
	for range 2 {
		for _, g := range former {
			require.NoError(t, a.access.Revoke(t.Context(), g))
		}
		require.Empty(t, a.sees(want.Secret))
		require.Equal(t, "cl-a cl-b", a.sees(anew.Secret))
	}
	granted, err := a.access.Granted(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, granted, 2)
	for _, g := range granted {
		require.Equal(t, []string{"cl-a", anew.Mark()}, []string{g.ClusterID, g.Mark})
	}
}

func TestWhatWasLostIsGrantedAgainAsNodesKnowIt(t *testing.T) {
	t.Parallel()
	a := withACLs(t)
	for _, id := range []string{"cl-a", "cl-b", "cl-c"} {
		a.publish(id, 1, nil)
	}
	want := lifecycle.Access{ClusterID: "cl-a", Secret: uuid.NewString(), Links: []string{"cl-b"}}
	other := lifecycle.Access{ClusterID: "cl-c", Secret: uuid.NewString()}
	look := func() [2]lifecycle.Standing {
		sight, err := a.access.Look(t.Context(), want)
		require.NoError(t, err)
		require.True(t, sight.On)
		return [2]lifecycle.Standing{sight.Policy.Standing, sight.Token.Standing}
	}
	require.Equal(t, [2]lifecycle.Standing{}, look())
	a.grant(want)
	a.grant(other)
	right := [2]lifecycle.Standing{lifecycle.Right, lifecycle.Right}
	sight, err := a.access.Look(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, "drover-cl-a-"+want.Mark(), sight.Policy.ID)
	require.NotContains(t, want.Secret, want.Mark())
	acls := a.server.Client.ACL()

	for name, c := range map[string]struct {
		harm func() error
		seen [2]lifecycle.Standing
	}{
		"token deleted": {func() error {
			_, err := acls.TokenDelete(sight.Token.ID, nil)
			return err
		}, [2]lifecycle.Standing{lifecycle.Right, lifecycle.Absent}},
		"policy deleted": {func() error {
			policy, _, err := acls.PolicyReadByName(sight.Policy.ID, nil)
			require.NoError(t, err)
			_, err = acls.PolicyDelete(policy.ID, nil)
			return err
		}, [2]lifecycle.Standing{lifecycle.Absent, lifecycle.Wrong}},
		"policy widened": {func() error {
			policy, _, err := acls.PolicyReadByName(sight.Policy.ID, nil)
			require.NoError(t, err)
			policy.Rules = `key_prefix "" { policy = "write" }`
			_, _, err = acls.PolicyUpdate(policy, nil)
			return err
		}, [2]lifecycle.Standing{lifecycle.Wrong, lifecycle.Right}},
		"token with another secret": {func() error {
			_, err := acls.TokenDelete(sight.Token.ID, nil)
			require.NoError(t, err)
			_, _, err = acls.TokenCreate(&api.ACLToken{AccessorID: sight.Token.ID, Policies: []*api.ACLTokenPolicyLink{{Name: sight.Policy.ID}}}, nil)
			return err
		}, [2]lifecycle.Standing{lifecycle.Right, lifecycle.Wrong}},
		"token with another policy": {func() error {
			_, _, err := acls.TokenUpdate(&api.ACLToken{AccessorID: sight.Token.ID, SecretID: want.Secret, Policies: []*api.ACLTokenPolicyLink{{Name: "drover-cl-c-" + other.Mark()}}}, nil)
			return err
		}, [2]lifecycle.Standing{lifecycle.Right, lifecycle.Wrong}},
	} {
		require.NoError(t, c.harm(), name)
		require.Equal(t, c.seen, look(), name)
		a.grant(want)
		require.Equal(t, right, look(), name)
		require.Equal(t, "cl-a cl-b", a.sees(want.Secret), name)
	}
	// A change of links changes the policy.
	want.Links = []string{"cl-c"}
	a.grant(want)
	require.Equal(t, "cl-a cl-c", a.sees(want.Secret))
	granted, err := a.access.Granted(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, granted, 4)
	require.Equal(t, "cl-c", a.sees(other.Secret), "others were not touched")
}

// Workers can grant the same concurrently.
func TestGrantFromManySidesAtOnce(t *testing.T) {
	t.Parallel()
	a := withACLs(t)
	want := lifecycle.Access{ClusterID: "cl-a", Secret: uuid.NewString()}
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = a.access.Grant(t.Context(), want) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	sight, err := a.access.Look(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, []lifecycle.Standing{lifecycle.Right, lifecycle.Right}, []lifecycle.Standing{sight.Policy.Standing, sight.Token.Standing})
}

// Without permission to manage tokens, no token is granted and nothing fails.
func TestAccessIsOffWhereItCannotBeManaged(t *testing.T) {
	t.Parallel()
	withoutACLs := consultest.Shared(t)
	server := consultest.StartWithACLs(t)
	for want, c := range map[string]struct {
		server *consultest.Server
		token  string
	}{
		"Consul has no ACLs":     {withoutACLs, uuid.NewString()},
		"may not manage ACLs":    {server, tokenWith(t, server, `key_prefix "drover/" { policy = "write" }`)},
		"but not write them":     {server, tokenWith(t, server, `acl = "read"`)},
		"":                       {server, server.Token},
		"unknown to this Consul": {server, uuid.NewString()},
	} {
		client, err := c.server.ClientWith(c.token)
		require.NoError(t, err)
		access := store.NewAccess(client, consultest.Prefix())
		on, why, err := access.On(t.Context())
		if want == "unknown to this Consul" {
			require.Truef(t, fault.Is(err, fault.Unauthorized), "%v", err)
			require.NotContains(t, err.Error(), c.token)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want == "", on)
		require.Contains(t, why, want)
		if on {
			continue
		}
		require.NoError(t, access.Grant(t.Context(), lifecycle.Access{ClusterID: "cl-a", Secret: uuid.NewString()}))
		granted, err := access.Granted(t.Context(), "")
		require.NoError(t, err)
		require.Empty(t, granted)
		sight, err := access.Look(t.Context(), lifecycle.Access{ClusterID: "cl-a"})
		require.NoError(t, err)
		require.Equal(t, lifecycle.AccessSight{}, sight)
	}
}

// Names that Consul does not allow for policies stay distinct.
func TestAccessUnderAnyPrefix(t *testing.T) {
	t.Parallel()
	server := consultest.StartWithACLs(t)
	names := map[string]bool{}
	for _, prefix := range []string{"a/b", "a-b", "a.b", "größe " + strings.Repeat("x", 200)} {
		access := store.NewAccess(server.Client, prefix)
		want := lifecycle.Access{ClusterID: "cl-a", Secret: uuid.NewString()}
		require.NoError(t, access.Grant(t.Context(), want), prefix)
		sight, err := access.Look(t.Context(), want)
		require.NoError(t, err)
		require.Equal(t, lifecycle.Right, sight.Token.Standing, prefix)
		names[sight.Policy.ID] = true
		granted, err := access.Granted(t.Context(), "")
		require.NoError(t, err)
		require.Len(t, granted, 2, prefix)
	}
	require.Len(t, names, 4)
}
