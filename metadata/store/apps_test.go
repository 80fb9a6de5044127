package store_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/store"
	"drover/tests/stack/consultest"
)

func TestAppIsPublishedOnce(t *testing.T) {
	t.Parallel()
	p := start(t)
	archive := make([]byte, store.MaxArchive)
	_, err := rand.Read(archive)
	require.NoError(t, err)
	app := metadata.App{
		AppID: "kv", VersionID: "1.0 β", Archive: archive, PublishedAt: "2026-11-23T05:00:00Z", Roles: []string{"kv", "kv-replica"},
	}
	require.NoError(t, p.store.PutApp(t.Context(), app))
	later := app
	later.PublishedAt = "2027-01-01T00:00:00Z"
	require.NoError(t, p.store.PutApp(t.Context(), later), "same content")

	got, err := p.store.App(t.Context(), "kv", "1.0 β")
	require.NoError(t, err)
	require.True(t, bytes.Equal(archive, got.Archive))
	require.Equal(t, app.PublishedAt, got.PublishedAt)
	require.Equal(t, app.Roles, got.Roles)
	require.Len(t, got.Digest, 64)

	other := app
	other.Archive = []byte("other")
	err = p.store.PutApp(t.Context(), other)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.ErrorContains(t, err, got.Digest)
	_, client := consultest.Start(t)
	keys, _, err := client.KV().Keys(p.prefix+"/apps/", "", nil)
	require.NoError(t, err)
	require.Len(t, keys, 2, "the refused archive is not kept")
}

// Nothing is left of a version that is removed or replaced.
func TestChangedVersionLeavesNoArchive(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, client := consultest.Start(t)
	keys := func() int {
		keys, _, err := client.KV().Keys(p.prefix+"/", "", nil)
		require.NoError(t, err)
		return len(keys)
	}
	app := metadata.App{AppID: "kv", VersionID: "1", Archive: []byte("one")}
	require.NoError(t, p.store.PutApp(t.Context(), app))
	was, err := p.store.AppState(t.Context(), "kv", "1")
	require.NoError(t, err)
	app.Archive = []byte("two")
	require.NoError(t, p.store.ReplaceApp(t.Context(), app, was))
	require.NoError(t, p.store.ReplaceApp(t.Context(), app, was), "a retry after a lost answer")
	require.Equal(t, 2, keys())
	app.Archive = []byte("three")
	require.True(t, fault.Is(p.store.ReplaceApp(t.Context(), app, was), fault.Conflict))
	require.Equal(t, 2, keys(), "the archive of the refused change is not kept")
	was, err = p.store.AppState(t.Context(), "kv", "1")
	require.NoError(t, err)
	require.NoError(t, p.store.DropApp(t.Context(), was))
	require.Zero(t, keys())
}

func TestAppsAreListedWithoutArchives(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, id := range [][2]string{{"b", "1"}, {"a", "2"}, {"a", "1"}} {
		require.NoError(t, p.store.PutApp(t.Context(), metadata.App{AppID: id[0], VersionID: id[1], Archive: []byte(id[0] + id[1])}))
	}
	apps, err := p.store.Apps(t.Context())
	require.NoError(t, err)
	var ids []string
	for _, app := range apps {
		ids = append(ids, app.AppID+app.VersionID)
		require.Nil(t, app.Archive)
		require.NotEmpty(t, app.Digest)
	}
	require.Equal(t, "a1 a2 b1", strings.Join(ids, " "))
}

func TestAppRefusals(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, err := p.store.App(t.Context(), "kv", "9")
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)

	err = p.store.PutApp(t.Context(), metadata.App{AppID: "kv", VersionID: "1", Archive: make([]byte, store.MaxArchive+1)})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.ErrorContains(t, err, fmt.Sprint(store.MaxArchive))
	require.ErrorContains(t, err, fmt.Sprint(store.MaxArchive+1))

	err = p.store.PutApp(t.Context(), metadata.App{AppID: "kv", VersionID: "1", Digest: "00"})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	for _, name := range []string{"", "a/b", "a\n"} {
		require.True(t, fault.Is(p.store.PutApp(t.Context(), metadata.App{AppID: name, VersionID: "1"}), fault.Invalid))
		_, err = p.store.App(t.Context(), "kv", name)
		require.True(t, fault.Is(err, fault.Invalid))
	}
}
