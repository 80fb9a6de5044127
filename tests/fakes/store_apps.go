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

// PutApp publishes a package; another content under its version is refused.
func (s *Store) PutApp(ctx context.Context, app metadata.App) error {
	if err := complete(ctx, &app); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if there, ok := s.apps[app.AppID+"/"+app.VersionID]; ok {
		if there.Digest == app.Digest {
			return nil
		}
		return fault.New(fault.Conflict, "version %s of %s is published with other content", app.VersionID, app.AppID)
	}
	s.describe(app)
	return nil
}

// complete checks an app and fills in its digest.
func complete(ctx context.Context, app *metadata.App) error {
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
	return nil
}

// describe writes a version; the caller holds the mutex.
func (s *Store) describe(app metadata.App) {
	s.index++
	key := app.AppID + "/" + app.VersionID
	s.apps[key], s.described[key] = cloned(app), s.index
}

// AppState reads what a change of a published version requires.
func (s *Store) AppState(ctx context.Context, appID, versionID string) (metadata.AppState, error) {
	app, err := s.App(ctx, appID, versionID)
	if err != nil {
		return metadata.AppState{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := appID + "/" + versionID
	app.Archive = nil
	return metadata.AppState{App: *app, Index: s.described[key], Used: s.used[key]}, nil
}

// DropApp removes a version that is as it was read.
func (s *Store) DropApp(ctx context.Context, was metadata.AppState) error {
	return s.change(ctx, was, func(key string) {
		delete(s.apps, key)
		delete(s.described, key)
		delete(s.used, key)
	})
}

// ReplaceApp publishes other content under a version that is as it was read.
func (s *Store) ReplaceApp(ctx context.Context, app metadata.App, was metadata.AppState) error {
	if err := complete(ctx, &app); err != nil {
		return err
	}
	return s.change(ctx, was, func(string) { s.describe(app) })
}

func (s *Store) change(ctx context.Context, was metadata.AppState, do func(key string)) error {
	if err := check(ctx, was.AppID, was.VersionID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := was.AppID + "/" + was.VersionID
	if s.described[key] != was.Index || s.used[key] != was.Used {
		return fault.New(fault.Conflict, "version %s of %s has changed meanwhile", was.VersionID, was.AppID)
	}
	do(key)
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
		s.describe(app)
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
