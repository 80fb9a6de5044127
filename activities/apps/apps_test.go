package apps_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/activities/internal/packages"
	"drover/fault"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestPublishAppOnceAndForAll(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	in := api.PublishAppInput{App: "app", Version: "1.0", Archive: world.Archive(t, 2)}
	first, err := w.Acts.Apps.PublishApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, first.Roles)
	require.Len(t, first.Digest, 64)
	require.Equal(t, "2026-01-02T03:04:05Z", first.PublishedAt)

	w.Deps.Now = func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }
	again, err := activities.New(w.Deps).Apps.PublishApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first, again)

	in.Archive = world.Archive(t, 3)
	_, err = w.Acts.Apps.PublishApp(t.Context(), in)
	w.RequireFault(fault.Conflict, err)
	stored, err := w.Store.App(t.Context(), "app", "1.0")
	require.NoError(t, err)
	require.Equal(t, first.Digest, stored.Digest)
}

func TestPublishAppRefusesWhatCannotRun(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	for name, data := range map[string][]byte{
		"no archive": []byte("hello"), "empty": nil, "cut off": world.Archive(t, 1)[:100], "padded": bytes.Repeat([]byte{0}, 4096),
	} {
		_, err := w.Acts.Apps.PublishApp(t.Context(), api.PublishAppInput{App: "app", Version: "1", Archive: data})
		require.Truef(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
	}
	list, err := w.Acts.Apps.ListApps(t.Context(), api.ListAppsInput{})
	require.NoError(t, err)
	require.Equal(t, `{"apps":[]}`, world.JSON(t, list))
}

func TestListAppsNewestFirst(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	for i, name := range []string{"b 1", "a 9", "a 10", "b 0"} {
		var in api.PublishAppInput
		_, err := fmt.Sscan(name, &in.App, &in.Version)
		require.NoError(t, err)
		in.Archive = world.Archive(t, i+1)
		w.Deps.Now = func() time.Time { return time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC) }
		_, err = activities.New(w.Deps).Apps.PublishApp(t.Context(), in)
		require.NoError(t, err)
	}
	list, err := w.Acts.Apps.ListApps(t.Context(), api.ListAppsInput{})
	require.NoError(t, err)
	var names []string
	for _, a := range list.Apps {
		names = append(names, a.App+" "+a.Version)
	}
	require.Equal(t, []string{"a 10", "a 9", "b 0", "b 1"}, names)
	_, _, err = packages.Default(t.Context(), w.Store, "c")
	require.Contains(t, w.RequireFault(fault.NotFound, err).Hint, "[a b]")
}
