package apps_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/tests/fakes"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

// A version stays for the clusters and backups that use it, which the refusal names; then it can be replaced and removed.
func TestWhatIsUsedStaysPublished(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	backups := fakes.NewBackups()
	w.Deps.Backups = backups
	w.Acts = activities.New(w.Deps)
	w.Cluster(1)
	remove := func() error {
		_, err := w.Acts.Apps.UnpublishApp(t.Context(), api.UnpublishAppInput{App: "app", Version: "1"})
		return err
	}
	replace := func() error {
		_, err := w.Acts.Apps.PublishApp(t.Context(), api.PublishAppInput{App: "app", Version: "1", Archive: world.Archive(t, 7), Replace: true})
		return err
	}
	refused := func(who string) {
		t.Helper()
		require.Contains(t, w.RequireFault(fault.NotAllowed, remove()).Message, "version 1 of app cannot be unpublished while it is used: "+who)
		require.Contains(t, w.RequireFault(fault.NotAllowed, replace()).Message, "version 1 of app cannot be replaced while it is used: "+who)
	}
	refused("cluster cl-test0001 (app) has it")
	w.Ended(lifecycle.Deleted)
	refused("cluster cl-test0001 (app) is in the recycle bin")
	_, err := w.Change(func(rec *lifecycle.Record) error {
		rec.State, rec.VersionID, rec.Target = lifecycle.Active, "0", &lifecycle.Version{VersionID: "1", Spec: rec.Spec}
		return nil
	})
	require.NoError(t, err)
	refused("cluster cl-test0001 (app) is being upgraded to it")
	index, err := backups.PutBackup(t.Context(), lifecycle.Backup{ID: "s-00000001", ClusterID: world.ClusterID, App: "app", Version: "1", State: lifecycle.BackupWhole}, 0)
	require.NoError(t, err)
	require.NoError(t, w.Store.Forget(t.Context(), world.ClusterID, "run-1"))
	refused("backup s-00000001 of cl-test0001 needs it for a restore")
	require.NoError(t, backups.DropBackup(t.Context(), "s-00000001", index))

	require.NoError(t, replace())
	require.NoError(t, replace(), "a retry after a lost answer")
	pkg, err := w.Store.App(t.Context(), "app", "1")
	require.NoError(t, err)
	require.Equal(t, world.Archive(t, 7), pkg.Archive)
	require.NoError(t, remove())
	require.NoError(t, remove(), "a retry after a lost answer")
	_, err = w.Store.App(t.Context(), "app", "1")
	w.RequireFault(fault.NotFound, err)
	require.NoError(t, replace(), "a version that is not published is published")
}

// meddled is a store in which something happens just before or after a write.
type meddled struct {
	*fakes.Store
	before, after func()
}

func (m *meddled) around(write func() error) error {
	before, after := m.before, m.after
	m.before, m.after = nil, nil
	if before != nil {
		before()
	}
	err := write()
	if after != nil {
		after()
	}
	return err
}

func (m *meddled) PutClaiming(ctx context.Context, rec *lifecycle.Record, index uint64, had lifecycle.Claims) (written uint64, _ error) {
	return written, m.around(func() (err error) {
		written, err = m.Store.PutClaiming(ctx, rec, index, had)
		return err
	})
}

func (m *meddled) DropApp(ctx context.Context, was metadata.AppState) error {
	return m.around(func() error { return m.Store.DropApp(ctx, was) })
}

func (m *meddled) ReplaceApp(ctx context.Context, app metadata.App, was metadata.AppState) error {
	return m.around(func() error { return m.Store.ReplaceApp(ctx, app, was) })
}

// Whatever comes between the look and the write, no cluster is left without the package that it was rendered from.
func TestCreationAndRemovalAtTheSameMoment(t *testing.T) {
	t.Parallel()
	create := func(t *testing.T, acts *activities.Activities) error {
		_, err := acts.Records.PrepareCreate(t.Context(), records.PrepareCreateInput{
			ClusterID: world.ClusterID, RunID: "run-1", Create: api.CreateClusterInput{App: "app", Version: "1"},
		})
		return err
	}
	for name, change := range map[string]func(*testing.T, *activities.Activities) error{
		"unpublish": func(t *testing.T, acts *activities.Activities) error {
			_, err := acts.Apps.UnpublishApp(t.Context(), api.UnpublishAppInput{App: "app", Version: "1"})
			return err
		},
		"replace": func(t *testing.T, acts *activities.Activities) error {
			_, err := acts.Apps.PublishApp(t.Context(), api.PublishAppInput{App: "app", Version: "1", Archive: world.Archive(t, 2), Replace: true})
			return err
		},
	} {
		for place, meddle := range map[string]func(m *meddled, other func()){
			"before the write": func(m *meddled, other func()) { m.before = other },
			"after the write":  func(m *meddled, other func()) { m.after = other },
		} {
			for _, creates := range []bool{true, false} {
				t.Run(name+"/"+place+map[bool]string{true: " of a creation", false: " of the change"}[creates], func(t *testing.T) {
					t.Parallel()
					w := world.New(t)
					w.PublishApp(1)
					m := &meddled{Store: w.Store}
					deps := w.Deps
					deps.Records, deps.Apps = m, m
					var created, changed error
					if creates {
						meddle(m, func() { changed = change(t, w.Acts) })
						created = create(t, activities.New(deps))
					} else {
						meddle(m, func() { created = create(t, w.Acts) })
						changed = change(t, activities.New(deps))
					}
					published, err := w.Store.App(t.Context(), "app", "1")
					if created != nil {
						w.RequireFault(fault.NotFound, created)
						require.NoError(t, changed)
						return
					}
					require.NoError(t, err)
					require.Equal(t, published.Digest, w.Record().Package, "the cluster has what is published")
					require.Len(t, w.Record().Nodes, map[bool]int{true: 1, false: 2}[changed != nil])
				})
			}
		}
	}
}
