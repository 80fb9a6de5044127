package apps

import (
	"context"
	"fmt"
	"strings"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// UnpublishApp removes a version that no cluster has and no backup needs. One that is missing is removed already.
func (a *Activities) UnpublishApp(ctx context.Context, in api.UnpublishAppInput) (api.UnpublishedApp, error) {
	out := api.UnpublishedApp(in)
	err := a.whileUnused(ctx, in.App, in.Version, "unpublished", a.Apps.DropApp)
	if fault.Is(err, fault.NotFound) {
		return out, nil
	}
	return out, err
}

// replace publishes other content under a version that no cluster has and no backup needs, or a version that is not published.
func (a *Activities) replace(ctx context.Context, app metadata.App) error {
	err := a.whileUnused(ctx, app.AppID, app.VersionID, "replaced", func(ctx context.Context, was metadata.AppState) error {
		app.Yanked = was.Yanked
		return a.Apps.ReplaceApp(ctx, app, was)
	})
	if fault.Is(err, fault.NotFound) {
		return a.Apps.PutApp(ctx, app)
	}
	return err
}

// maxTries bounds how often a version is looked at again that clusters get and lose meanwhile.
const maxTries = 20

// whileUnused changes a version, unless something uses it. What comes between the look and the change makes it fail, and
// everything is looked at again.
func (a *Activities) whileUnused(ctx context.Context, app, version, done string, change func(context.Context, metadata.AppState) error) error {
	for range maxTries {
		was, err := a.Apps.AppState(ctx, app, version)
		if err != nil {
			return err
		}
		users, err := a.users(ctx, app, version)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return inUse(was, users, done)
		}
		if err := change(ctx, was); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fault.New(fault.Unreachable, "version %s of %s changed during each of %d tries", version, app, maxTries)
}

// users are what keeps a version, in words. Clusters come first: a backup of one that is released meanwhile is in the catalogue
// by then.
func (a *Activities) users(ctx context.Context, app, version string) ([]string, error) {
	var users []string
	ids, err := a.Clusters.RecordIDs(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Clusters.EachView(ctx, ids, func(v metadata.View) error {
		switch {
		case v.State == string(lifecycle.Unreadable):
			users = append(users, fmt.Sprintf("cluster %s cannot be read: its version is unknown", v.ClusterID))
		case v.App != app:
		case v.Version == version && v.State == string(lifecycle.Deleted):
			users = append(users, fmt.Sprintf("cluster %s (%s) is in the recycle bin", v.ClusterID, v.Name))
		case v.Version == version:
			users = append(users, fmt.Sprintf("cluster %s (%s) has it", v.ClusterID, v.Name))
		case v.Target == version:
			users = append(users, fmt.Sprintf("cluster %s (%s) is being upgraded to it", v.ClusterID, v.Name))
		}
		return nil
	}); err != nil || a.Backups == nil {
		return users, err
	}
	backups, err := a.Backups.Backups(ctx)
	for _, b := range backups {
		switch {
		case b.Problem != "":
			users = append(users, fmt.Sprintf("backup %s cannot be read: its version is unknown", b.ID))
		case b.App == app && b.Version == version && b.State != lifecycle.BackupDeleting:
			users = append(users, fmt.Sprintf("backup %s of %s needs it for a restore", b.ID, b.ClusterID))
		}
	}
	return users, err
}

// named is how many users the message has; the problems have all.
const named = 10

func inUse(was metadata.AppState, users []string, done string) error {
	told := strings.Join(users[:min(len(users), named)], "; ")
	if more := len(users) - named; more > 0 {
		told += fmt.Sprintf("; and %d more", more)
	}
	f := fault.New(fault.NotAllowed, "version %s of %s cannot be %s while it is used: %s", was.VersionID, was.AppID, done, told).
		WithHint("upgrade or delete the clusters (drover list --app %s), delete the backups (drover backup list), or keep the version from further clusters: drover apps yank %s --version %s",
			was.AppID, was.AppID, was.VersionID)
	if len(users) > named {
		f.Problems = users[:min(len(users), maxProblems)]
	}
	return f
}

// maxProblems keeps a fault within what a workflow may return.
const maxProblems = 100
