package store

import (
	"context"
	"errors"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// A version is removed or replaced while no cluster has it. Whether one has is known from a look at all of them, which is over
// when the change comes. So every cluster that gets a version changes the version's mark in the transaction that writes its
// record, under the condition that the version is published with the content that was rendered; and the change of the version
// has the condition that the mark is as it was before the look. Of a cluster and a change at the same moment one fails.

func (s *Store) usedKey(appID, versionID string) string {
	return s.prefix + "/used/" + appID + "/" + versionID
}

// claimPackage returns what a cluster changes that gets a version.
func (s *Store) claimPackage(ctx context.Context, by string, p lifecycle.Package) ([]*api.KVTxnOp, error) {
	if err := checkVersion(p.AppID, p.VersionID); err != nil {
		return nil, err
	}
	key := s.appKey(p.AppID, p.VersionID)
	app, index, err := s.appVersion(ctx, key, "read "+p.AppID+" "+p.VersionID)
	if err != nil {
		return nil, err
	}
	if app == nil || app.Digest != p.Digest {
		return nil, fault.New(fault.Conflict, "version %s of %s was unpublished or replaced meanwhile", p.VersionID, p.AppID)
	}
	// The value differs from cluster to cluster: Consul keeps the index of a key that is set to the value it has.
	return []*api.KVTxnOp{unchanged(key, index), set(s.usedKey(p.AppID, p.VersionID), []byte(by))}, nil
}

// AppState reads what a change of a published version requires. A missing version is a NotFound fault.
func (s *Store) AppState(ctx context.Context, appID, versionID string) (metadata.AppState, error) {
	var out metadata.AppState
	if err := checkVersion(appID, versionID); err != nil {
		return out, err
	}
	what := "read " + appID + " " + versionID
	used, err := s.indexes(ctx, []string{s.usedKey(appID, versionID)}, what) // first: what comes later changes it
	if err != nil {
		return out, err
	}
	app, index, err := s.appVersion(ctx, s.appKey(appID, versionID), what)
	if err != nil {
		return out, err
	}
	if app == nil {
		return out, unpublished(appID, versionID)
	}
	return metadata.AppState{App: *app, Index: index, Used: used[s.usedKey(appID, versionID)]}, nil
}

// DropApp removes a version with its archive. When it has changed, or a cluster has got it, since it was read, that is a Conflict.
func (s *Store) DropApp(ctx context.Context, was metadata.AppState) error {
	if err := checkVersion(was.AppID, was.VersionID); err != nil {
		return err
	}
	key, used := s.appKey(was.AppID, was.VersionID), s.usedKey(was.AppID, was.VersionID)
	ops := []*api.KVTxnOp{drop(key, was.Index), unchanged(used, was.Used), remove(used), removeBelow(key + "/")}
	_, err := s.commit(ctx, ops, "unpublish "+was.AppID+" "+was.VersionID)
	return s.taken(err, was)
}

// ReplaceApp publishes other content under a version. When it has changed, or a cluster has got it, since it was read, that is a
// Conflict.
func (s *Store) ReplaceApp(ctx context.Context, app metadata.App, was metadata.AppState) error {
	what := "replace " + app.AppID + " " + app.VersionID
	if err := complete(&app, what); err != nil {
		return err
	}
	if app.Digest == was.Digest {
		return nil
	}
	key := s.appKey(app.AppID, app.VersionID)
	change, err := s.describeWithArchive(ctx, app, was.Index, what)
	if err != nil {
		return err
	}
	_, err = s.commit(ctx, append(change, unchanged(s.usedKey(app.AppID, app.VersionID), was.Used), remove(key+"/"+was.Digest)), what)
	if !errors.Is(err, errRaced) {
		return err
	}
	there, index, read := s.appVersion(ctx, key, what)
	switch {
	case read != nil:
		return read
	case there != nil && there.Digest == app.Digest:
		return nil // this call, whose answer was lost
	case there != nil:
		if err := s.dropArchive(ctx, key, index, app.Digest, what); err != nil {
			return err
		}
	}
	return s.taken(err, was)
}

// taken is the Conflict of a change that lost a race.
func (s *Store) taken(err error, was metadata.AppState) error {
	if !errors.Is(err, errRaced) {
		return err
	}
	return fault.New(fault.Conflict, "version %s of %s has changed, or a cluster has got it, meanwhile", was.VersionID, was.AppID)
}
