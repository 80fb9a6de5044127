package store

import (
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

// PutApp publishes a package. A version never changes: publishing the same archive again does nothing, another one
// under the same version is a Conflict fault.
func (s *Store) PutApp(ctx context.Context, app metadata.App) error {
	if err := checkApp(app); err != nil {
		return err
	}
	what := "publish " + app.AppID + " " + app.VersionID
	sum := sha256.Sum256(app.Archive)
	digest := hex.EncodeToString(sum[:])
	if app.Digest != "" && app.Digest != digest {
		return fault.New(fault.Invalid, "%s: the archive's SHA-256 is %s, not %s", what, digest, app.Digest)
	}
	app.Digest = digest
	value, err := json.Marshal(app)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "%s", what)
	}
	key := s.appKey(app.AppID, app.VersionID)
	there, err := s.appVersion(ctx, key, what)
	if err != nil {
		return err
	}
	if there == nil {
		// The archive first, under its digest: a description never names an archive that is not there.
		archive := &api.KVPair{Key: key + "/" + digest, Value: app.Archive}
		if _, err := s.client.KV().Put(archive, (&api.WriteOptions{}).WithContext(ctx)); err != nil {
			return failed(err, "%s", what)
		}
		_, err = s.commit(ctx, []*api.KVTxnOp{{Verb: api.KVCAS, Key: key, Value: value}}, what)
		if !errors.Is(err, errRaced) {
			return err
		}
		if there, err = s.appVersion(ctx, key, what); err != nil {
			return err
		}
	}
	if there != nil && there.Digest == digest {
		return nil
	}
	if there == nil {
		return fault.New(fault.Conflict, "%s: the version was withdrawn at the same time", what)
	}
	// Ours lost: take its archive away again.
	if _, err := s.client.KV().Delete(key+"/"+digest, (&api.WriteOptions{}).WithContext(ctx)); err != nil {
		return failed(err, "%s", what)
	}
	return fault.New(fault.Conflict, "%s: this version was published %s with other content (SHA-256 %s, now %s)",
		what, there.PublishedAt, there.Digest, digest).WithHint("publish it under a new version")
}

func checkApp(a metadata.App) error {
	if err := checkName("application id", a.AppID); err != nil {
		return err
	}
	if err := checkName("version", a.VersionID); err != nil {
		return err
	}
	if len(a.Archive) > MaxArchive {
		return fault.New(fault.Invalid, "the archive of %s %s has %d bytes, at most %d are possible",
			a.AppID, a.VersionID, len(a.Archive), MaxArchive).
			WithHint("leave out what config.json, cluster.json.mustache and locale do not need")
	}
	return nil
}

// appVersion reads the description of a version; nil when it is not published.
func (s *Store) appVersion(ctx context.Context, key, what string) (*metadata.App, error) {
	kv, _, err := s.client.KV().Get(key, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil || kv == nil {
		return nil, failed(err, "%s", what)
	}
	return decodeApp(kv.Key, kv.Value)
}

func decodeApp(key string, value []byte) (*metadata.App, error) {
	app := new(metadata.App)
	if err := json.Unmarshal(value, app); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "published package %s cannot be read", key)
	}
	return app, nil
}

// App reads a published package with its archive. One that is not published is a NotFound fault.
func (s *Store) App(ctx context.Context, appID, versionID string) (*metadata.App, error) {
	if err := errors.Join(checkName("application id", appID), checkName("version", versionID)); err != nil {
		return nil, err
	}
	what := "read " + appID + " " + versionID
	key := s.appKey(appID, versionID)
	app, err := s.appVersion(ctx, key, what)
	if err != nil {
		return nil, err
	}
	if app == nil {
		return nil, fault.New(fault.NotFound, "application %s has no published version %s", appID, versionID)
	}
	kv, _, err := s.client.KV().Get(key+"/"+app.Digest, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "%s", what)
	}
	if kv == nil {
		return nil, fault.New(fault.Internal, "%s: its archive %s is not in Consul", what, app.Digest)
	}
	if sum := sha256.Sum256(kv.Value); hex.EncodeToString(sum[:]) != app.Digest {
		return nil, fault.New(fault.Internal, "%s: its archive in Consul is damaged", what)
	}
	app.Archive = kv.Value
	return app, nil
}

// Apps reads all published packages without their archives, ordered by application id and version as text.
func (s *Store) Apps(ctx context.Context) ([]metadata.App, error) {
	const what = "list the published applications"
	root := s.prefix + "/apps/"
	keys, _, err := s.client.KV().Keys(root, "", (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, what)
	}
	var out []metadata.App
	for _, key := range keys {
		// <app>/<version> describes; <app>/<version>/<digest> is an archive.
		if strings.Count(key[len(root):], "/") != 1 || strings.HasSuffix(key, "/") {
			continue
		}
		app, err := s.appVersion(ctx, key, what)
		if err != nil {
			return nil, err
		}
		if app != nil {
			out = append(out, *app)
		}
	}
	return out, nil
}
