package fakes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/store"
)

// PutApp publishes a package; a version never changes.
func (s *Store) PutApp(ctx context.Context, app metadata.App) error {
	if err := check(ctx, app.AppID, app.VersionID); err != nil {
		return err
	}
	sum := sha256.Sum256(app.Archive)
	digest := hex.EncodeToString(sum[:])
	switch {
	case len(app.Archive) > store.MaxArchive:
		return fault.New(fault.Invalid, "the archive of %s %s is too large", app.AppID, app.VersionID)
	case app.Digest != "" && app.Digest != digest:
		return fault.New(fault.Invalid, "the archive's SHA-256 is %s, not %s", digest, app.Digest)
	}
	app.Digest = digest
	s.mu.Lock()
	defer s.mu.Unlock()
	key := app.AppID + "/" + app.VersionID
	if there, ok := s.apps[key]; ok {
		if there.Digest == app.Digest {
			return nil
		}
		return fault.New(fault.Conflict, "version %s of %s is published with other content", app.VersionID, app.AppID)
	}
	s.apps[key] = cloned(app)
	return nil
}

// YankApp notes since when a version is not given to new clusters, "" that it is again.
func (s *Store) YankApp(ctx context.Context, appID, versionID, since string) error {
	if err := check(ctx, appID, versionID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := appID + "/" + versionID
	app, ok := s.apps[key]
	if !ok {
		return fault.New(fault.NotFound, "%s %s is not published", appID, versionID)
	}
	if (app.Yanked == "") != (since == "") {
		app.Yanked = since
		s.apps[key] = app
	}
	return nil
}

// cloned shares nothing with app that a caller could change.
func cloned(app metadata.App) metadata.App {
	app.Archive, app.Roles = slices.Clone(app.Archive), slices.Clone(app.Roles)
	return app
}

// App reads a published package.
func (s *Store) App(ctx context.Context, appID, versionID string) (*metadata.App, error) {
	if err := check(ctx, appID, versionID); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	app, ok := s.apps[appID+"/"+versionID]
	if !ok {
		return nil, fault.New(fault.NotFound, "%s %s is not published", appID, versionID)
	}
	app = cloned(app)
	return &app, nil
}

// Apps lists the published packages without their archives.
func (s *Store) Apps(ctx context.Context) ([]metadata.App, error) {
	if err := check(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []metadata.App
	for _, key := range slices.Sorted(maps.Keys(s.apps)) {
		app := cloned(s.apps[key])
		app.Archive = nil
		out = append(out, app)
	}
	return out, nil
}
