package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
)

// MaxArchive is the largest package archive in bytes.
const MaxArchive = 384 << 10

func (s *Store) appKey(appID, versionID string) string {
	return s.prefix + "/apps/" + appID + "/" + versionID
}

// PutApp publishes a package. Publishing the same archive again does nothing, another archive under the same version is a
// Conflict fault (ReplaceApp).
func (s *Store) PutApp(ctx context.Context, app metadata.App) error {
	what := "publish " + app.AppID + " " + app.VersionID
	if err := complete(&app, what); err != nil {
		return err
	}
	key := s.appKey(app.AppID, app.VersionID)
	return s.racing(what, func() error {
		there, index, err := s.appVersion(ctx, key, what)
		if err != nil || there != nil && there.Digest == app.Digest {
			return err
		}
		if there != nil {
			// Remove the archive of a call that lost the race, while no description names it.
			if err := s.dropArchive(ctx, key, index, app.Digest, what); err != nil {
				return err
			}
			return fault.New(fault.Conflict, "%s: this version was published %s with other content (SHA-256 %s, now %s)",
				what, there.PublishedAt, there.Digest, app.Digest).
				WithHint("publish it under a new version; while nothing uses the version, its content can be replaced: drover apps publish --replace")
		}
		change, err := s.describeWithArchive(ctx, app, 0, what)
		if err == nil {
			_, err = s.commit(ctx, change, what)
		}
		return err
	})
}

// complete checks an app and fills in its digest.
func complete(app *metadata.App, what string) error {
	if err := checkApp(*app); err != nil {
		return err
	}
	sum := sha256.Sum256(app.Archive)
	digest := hex.EncodeToString(sum[:])
	if app.Digest != "" && app.Digest != digest {
		return fault.New(fault.Invalid, "%s: the archive's SHA-256 is %s, not %s", what, digest, app.Digest)
	}
	app.Digest = digest
	return nil
}

// describeWithArchive writes the archive, under its digest, and returns what writes the description that names it.
func (s *Store) describeWithArchive(ctx context.Context, app metadata.App, index uint64, what string) ([]*api.KVTxnOp, error) {
	key := s.appKey(app.AppID, app.VersionID)
	archive := key + "/" + app.Digest
	archived, err := s.putArchive(ctx, archive, app.Archive, what)
	if err != nil {
		return nil, err
	}
	description, err := s.describe(key, app, index, what)
	return []*api.KVTxnOp{description, unchanged(archive, archived)}, err
}

// describe returns what writes the description of a version, which must not have changed since it was read with index.
func (s *Store) describe(key string, app metadata.App, index uint64, what string) (*api.KVTxnOp, error) {
	value, err := json.Marshal(app)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%s", what)
	}
	return put(key, value, index), nil
}

// putArchive writes an archive, which is too large for a transaction, and returns its index.
func (s *Store) putArchive(ctx context.Context, key string, archive []byte, what string) (index uint64, err error) {
	err = s.racing(what, func() error {
		pair := &api.KVPair{Key: key, Value: archive}
		for range 2 { // before and after it is written
			there, err := s.get(ctx, key, what)
			if err != nil {
				return err
			}
			if there != nil && bytes.Equal(there.Value, archive) {
				index = there.ModifyIndex
				return nil
			}
			if there != nil {
				pair.ModifyIndex = there.ModifyIndex
			}
			ok, _, err := s.client.KV().CAS(pair, (&api.WriteOptions{}).WithContext(ctx))
			if err != nil {
				return failed(err, "%s", what)
			}
			if !ok {
				return errRaced
			}
		}
		return errRaced
	})
	return index, err
}

// dropArchive deletes an archive while the description at key, which names another one, is unchanged.
func (s *Store) dropArchive(ctx context.Context, key string, index uint64, digest, what string) error {
	archive, err := s.get(ctx, key+"/"+digest, what)
	if err != nil || archive == nil {
		return err
	}
	_, err = s.commit(ctx, []*api.KVTxnOp{unchanged(key, index), drop(archive.Key, archive.ModifyIndex)}, what)
	if errors.Is(err, errRaced) {
		return nil // another call publishes it
	}
	return err
}

func checkApp(a metadata.App) error {
	if err := checkVersion(a.AppID, a.VersionID); err != nil {
		return err
	}
	if len(a.Archive) > MaxArchive {
		return fault.New(fault.Invalid, "the archive of %s %s has %d bytes; the limit is %d",
			a.AppID, a.VersionID, len(a.Archive), MaxArchive).
			WithHint("remove all files that config.json, cluster.json.mustache and locale do not need")
	}
	return nil
}

func checkVersion(appID, versionID string) error {
	return errors.Join(checkName("application id", appID), checkName("version", versionID))
}

// appVersion reads the description of a version and its index; nil when it is not published.
func (s *Store) appVersion(ctx context.Context, key, what string) (*metadata.App, uint64, error) {
	kv, err := s.get(ctx, key, what)
	if err != nil || kv == nil {
		return nil, 0, err
	}
	app := new(metadata.App)
	if err := json.Unmarshal(kv.Value, app); err != nil {
		f := fault.Wrap(err, fault.Internal, "%s: Consul key %s cannot be read", what, key).
			WithHint("restore the key from a backup, or delete it and publish the version again")
		f.Retryable = false
		return nil, 0, f
	}
	return app, kv.ModifyIndex, nil
}

// App reads a published package with its archive. A missing version is a NotFound fault.
func (s *Store) App(ctx context.Context, appID, versionID string) (app *metadata.App, err error) {
	if err := checkVersion(appID, versionID); err != nil {
		return nil, err
	}
	what := "read " + appID + " " + versionID
	key := s.appKey(appID, versionID)
	err = s.racing(what, func() error {
		var index uint64
		if app, index, err = s.appVersion(ctx, key, what); err != nil {
			return err
		}
		if app == nil {
			return unpublished(appID, versionID)
		}
		kv, err := s.get(ctx, key+"/"+app.Digest, what)
		if err != nil {
			return err
		}
		if kv == nil {
			_, now, err := s.appVersion(ctx, key, what)
			switch {
			case err != nil:
				return err
			case now != index:
				return errRaced // removed or replaced meanwhile
			}
			return fault.New(fault.Internal, "%s: its archive %s is missing in Consul", what, app.Digest)
		}
		if sum := sha256.Sum256(kv.Value); hex.EncodeToString(sum[:]) != app.Digest {
			return fault.New(fault.Internal, "%s: its archive in Consul is damaged", what)
		}
		app.Archive = kv.Value
		return nil
	})
	if err != nil {
		return nil, err
	}
	return app, nil
}

// Apps reads all published packages without their archives, ordered by application id and version as text. A package
// with an unreadable description is listed with its ids and the problem.
func (s *Store) Apps(ctx context.Context) ([]metadata.App, error) {
	const what = "list the published applications"
	root := s.prefix + "/apps/"
	keys, _, err := s.client.KV().Keys(root, "", (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, what)
	}
	var out []metadata.App
	for _, key := range keys {
		// <app>/<version> is a description; <app>/<version>/<digest> is an archive.
		if strings.Count(key[len(root):], "/") != 1 || strings.HasSuffix(key, "/") {
			continue
		}
		app, _, err := s.appVersion(ctx, key, what)
		if f := fault.As(err); f != nil && f.Type == fault.Internal && !f.Retryable {
			id, version, _ := strings.Cut(key[len(root):], "/")
			app, err = &metadata.App{AppID: id, VersionID: version, Problem: err.Error()}, nil
		}
		if err != nil {
			return nil, err
		}
		if app != nil {
			out = append(out, *app)
		}
	}
	return out, nil
}
