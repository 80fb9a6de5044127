package store

import (
	"context"

	"github.com/hashicorp/consul/api"

	"drover/fault"
)

// YankApp notes since when a version is not given to new clusters, "" that it is again. One that is yanked already keeps its
// time. A missing version is a NotFound fault.
func (s *Store) YankApp(ctx context.Context, appID, versionID, since string) error {
	if err := checkVersion(appID, versionID); err != nil {
		return err
	}
	what := "yank " + appID + " " + versionID
	key := s.appKey(appID, versionID)
	return s.racing(what, func() error {
		app, index, err := s.appVersion(ctx, key, what)
		switch {
		case err != nil:
			return err
		case app == nil:
			return unpublished(appID, versionID)
		case (app.Yanked == "") == (since == ""):
			return nil
		}
		app.Yanked = since
		change, err := s.describe(key, *app, index, what)
		if err == nil {
			_, err = s.commit(ctx, []*api.KVTxnOp{change}, what)
		}
		return err
	})
}

func unpublished(appID, versionID string) error {
	return fault.New(fault.NotFound, "application %s has no published version %s", appID, versionID).WithHint("see: drover apps list")
}
