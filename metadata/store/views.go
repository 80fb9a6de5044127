package store

import (
	"encoding/json"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// putView is the change that writes the view of a record, in room bytes of the transaction that writes the record: the view of a
// cluster whose record leaves no room has no nodes.
func (s *Store) putView(rec *lifecycle.Record, room int) (*api.KVTxnOp, error) {
	view := metadata.ViewOf(rec)
	for _, v := range []metadata.View{view, view.Without()} {
		value, err := json.Marshal(v)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "view of cluster %s", rec.ClusterID)
		}
		if op := set(s.viewKey(rec.ClusterID), value); opSize(op) <= room {
			return op, nil
		}
	}
	return remove(s.viewKey(rec.ClusterID)), nil // better none than an old one; it reappears with the next change
}
