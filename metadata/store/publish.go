package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/pack"
)

// Publish makes tree the cluster's metadata, as revision rev by writer: the run that owns the cluster by its control
// record. Readers see all of it at once, for any size. It is idempotent for the same revision and writer, and finishes an
// interrupted publish of that writer. A revision that is older than the published one, or that belongs to another writer,
// is a Conflict fault that names the writer.
func (s *Store) Publish(ctx context.Context, clusterID string, rev int64, writer string, tree metadata.Tree) error {
	return s.publish(ctx, clusterID, rev, writer, tree, false)
}

// Republish is Publish with a comparison against the documented keys, all of which it reads, instead of the packed tree of
// the previous revision. It repairs keys that another program wrote or deleted.
func (s *Store) Republish(ctx context.Context, clusterID string, rev int64, writer string, tree metadata.Tree) error {
	return s.publish(ctx, clusterID, rev, writer, tree, true)
}

func (s *Store) publish(ctx context.Context, clusterID string, rev int64, writer string, tree metadata.Tree, whole bool) error {
	if err := checkPublish(clusterID, rev, writer, tree); err != nil {
		return err
	}
	for range maxRaces { // more than one round only while another activity of the same writer runs
		owned, err := s.ownedBy(ctx, clusterID, writer)
		if err != nil {
			return err
		}
		now, err := s.published(ctx, clusterID)
		if err != nil {
			return err
		}
		if whole || rev > now.revision+1 {
			now.full = nil
		}
		done, refused := now.admit(clusterID, rev, writer)
		if done || refused != nil {
			return refused
		}
		if err = s.write(ctx, clusterID, owned, now, rev, writer, tree); !errors.Is(err, errRaced) {
			return err
		}
	}
	return fault.New(fault.Conflict, "metadata of cluster %s: concurrent changes by another activity of %s prevented publishing revision %d, %d times",
		clusterID, writer, rev, maxRaces).At(clusterID, "", "")
}

func checkPublish(clusterID string, rev int64, writer string, tree metadata.Tree) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	if rev < 1 || writer == "" {
		return fault.New(fault.Invalid, "metadata of cluster %s: revision %d by %q: revisions count from 1 and need a writer",
			clusterID, rev, writer)
	}
	for key, value := range tree {
		if !strings.HasPrefix(key, "self/") && !strings.HasPrefix(key, "roles/") || strings.HasSuffix(key, "/") {
			return fault.New(fault.Invalid, "metadata of cluster %s: key %q is not below self/ or roles/", clusterID, key)
		}
		if len(value) > maxValue {
			return fault.New(fault.Invalid, "metadata of cluster %s: the value of %s has %d bytes; the limit is %d",
				clusterID, key, len(value), maxValue)
		}
	}
	return nil
}

// write changes Consul from now to tree in one or more transactions. A change that fits one transaction needs no mark.
// Otherwise the first one sets the mark, every further one requires that the mark is still the one of this call, and the
// last one clears it together with the new revision. All of them require that the writer owns the cluster.
func (s *Store) write(ctx context.Context, id string, owned *api.KVTxnOp, now *published, rev int64, writer string, tree metadata.Tree) error {
	root := s.clusterRoot(id)
	what := fmt.Sprintf("publish revision %d of cluster %s", rev, id)
	mark, err := json.Marshal(flux{Revision: rev, Writer: writer})
	if err != nil {
		return fault.Wrap(err, fault.Internal, "%s", what)
	}
	old, exact, err := s.tree(ctx, id, now)
	if err != nil {
		return err
	}
	change := metadata.Diff(old, tree)
	full, recent := packed(now, rev, tree, change, exact)
	fluxKey := root + pack.FluxKey
	first := []*api.KVTxnOp{unchanged(root+pack.RevisionKey, now.revisionIndex)}
	batches := batch(changeOps(root, change), finalOps(root, rev, writer, full, recent))

	guard := unchanged(fluxKey, now.fluxIndex)
	for n, ops := range batches {
		last := n == len(batches)-1
		switch {
		case n == 0 && last:
			ops = slices.Concat(first, []*api.KVTxnOp{guard}, ops, []*api.KVTxnOp{remove(fluxKey)})
		case n == 0:
			ops = slices.Concat(first, []*api.KVTxnOp{put(fluxKey, mark, now.fluxIndex)}, ops)
		case last:
			ops = slices.Concat([]*api.KVTxnOp{guard}, ops, []*api.KVTxnOp{remove(fluxKey)})
		default:
			ops = slices.Concat([]*api.KVTxnOp{guard}, ops)
		}
		index, err := s.commit(ctx, append([]*api.KVTxnOp{owned}, ops...), what)
		if err != nil {
			return err
		}
		if n == 0 {
			guard = unchanged(fluxKey, index[fluxKey])
		}
		if s.afterTransaction != nil {
			if err := s.afterTransaction(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// changeOps are the writes of the documented keys, in key order.
func changeOps(root string, c metadata.Change) []*api.KVTxnOp {
	ops := make([]*api.KVTxnOp, 0, len(c.Set)+len(c.Delete))
	for _, key := range slices.Sorted(maps.Keys(c.Set)) {
		ops = append(ops, set(root+key, []byte(c.Set[key])))
	}
	for _, key := range c.Delete {
		ops = append(ops, remove(root+key))
	}
	return ops
}

// finalOps make a revision the published one; they must be in one transaction.
func finalOps(root string, rev int64, writer string, full, recent []byte) []*api.KVTxnOp {
	ops := []*api.KVTxnOp{
		set(root+pack.RevisionKey, []byte(strconv.FormatInt(rev, 10))),
		set(root+pack.WriterKey, []byte(writer)),
	}
	for key, value := range map[string][]byte{pack.FullKey: full, pack.RecentKey: recent} {
		if value != nil {
			ops = append(ops, set(root+key, value))
		} else {
			ops = append(ops, remove(root+key))
		}
	}
	return ops
}

// Operations that write may add to a batch: conditions, the mark and its removal.
const (
	guardOps   = 4
	guardBytes = 4 << 10
)

// batch splits the changes into transactions; the last one contains the final operations.
func batch(changes, final []*api.KVTxnOp) [][]*api.KVTxnOp {
	var out [][]*api.KVTxnOp
	finalBytes := 0
	for _, op := range final {
		finalBytes += opSize(op)
	}
	var current []*api.KVTxnOp
	bytes := 0
	for _, op := range changes {
		size := opSize(op)
		if len(current) > 0 && (len(current) == maxOps-guardOps || bytes+size > maxBytes-guardBytes) {
			out = append(out, current)
			current, bytes = nil, 0
		}
		current = append(current, op)
		bytes += size
	}
	if len(current)+len(final) > maxOps-guardOps || bytes+finalBytes > maxBytes-guardBytes {
		out = append(out, current)
		current = nil
	}
	return append(out, append(current, final...))
}
