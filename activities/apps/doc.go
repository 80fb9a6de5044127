// Package apps publishes application packages, lists them and removes them. It renders nothing for a cluster (package records does) and
// knows the content of packages only through specs. The workflows behind `drover apps` call it.
package apps

import (
	"context"
	"time"

	"drover/activities/internal/packages"
	"drover/lifecycle"
	"drover/metadata"
)

// Store keeps published packages.
type Store interface {
	packages.Store
	packages.Lister
	// PutApp is a Conflict when the version is published with other content.
	PutApp(ctx context.Context, app metadata.App) error
	// AppState reads what a change of a published version requires; NotFound when it is not published.
	AppState(ctx context.Context, appID, versionID string) (metadata.AppState, error)
	// DropApp removes a version, ReplaceApp gives it other content. It is a Conflict when the version has changed, or a cluster has
	// got it, since it was read.
	DropApp(ctx context.Context, was metadata.AppState) error
	ReplaceApp(ctx context.Context, app metadata.App, was metadata.AppState) error
	// YankApp notes since when a version is not given to new clusters, "" that it is again; NotFound when it is not published.
	YankApp(ctx context.Context, appID, versionID, since string) error
}

// Clusters reads which versions clusters have.
type Clusters interface {
	RecordIDs(ctx context.Context) ([]string, error)
	EachView(ctx context.Context, ids []string, f func(metadata.View) error) error
}

// Backups reads which versions backups need.
type Backups interface {
	Backups(ctx context.Context) ([]lifecycle.Backup, error)
}

// Activities publish, list and remove packages.
type Activities struct {
	Apps     Store
	Clusters Clusters
	Backups  Backups // nil: there are none (tests)
	Now      func() time.Time
}
