// Package apps publishes application packages and lists them. It renders nothing for a cluster (package records does) and
// knows the content of packages only through specs. The workflows behind `drover apps` call it.
package apps

import (
	"context"
	"time"

	"drover/activities/internal/packages"
	"drover/metadata"
)

// Store keeps published packages.
type Store interface {
	packages.Store
	packages.Lister
	// PutApp is a Conflict when the version is published with other content.
	PutApp(ctx context.Context, app metadata.App) error
	// YankApp notes since when a version is not given to new clusters, "" that it is again; NotFound when it is not published.
	YankApp(ctx context.Context, appID, versionID, since string) error
}

// Activities publish and list packages.
type Activities struct {
	Apps Store
	Now  func() time.Time
}
