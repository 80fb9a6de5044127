package reader

import "drover/metadata/pack"

// Given is a snapshot of keys that are at hand instead of in Consul: those of a cluster ("self/hosts/...", "roles/..."), and
// those of linked clusters by the name of the link.
func Given(clusterID string, own map[string]string, links map[string]map[string]string) *Snapshot {
	s := &Snapshot{ClusterID: clusterID, Revision: 1, own: treeOf(own)}
	for name, keys := range links {
		s.links = append(s.links, link{name: name, clusterID: keys["self/cluster/cluster_id"], tree: treeOf(keys)})
	}
	return s
}

// With is the snapshot with other keys of the cluster, as they are stored: "self/env/quota".
func (s *Snapshot) With(set map[string]string, drop []string) *Snapshot {
	gone := make(map[string]bool, len(set)+len(drop))
	for key := range set {
		gone["/"+key] = true
	}
	for _, key := range drop {
		gone["/"+key] = true
	}
	own := &tree{revision: s.Revision}
	for _, e := range s.own.entries {
		if !gone[e.Key] {
			own.entries = append(own.entries, e)
		}
	}
	for key, value := range set {
		own.entries = append(own.entries, pack.Entry{Key: "/" + key, Value: value})
	}
	pack.Sort(own.entries)
	out := *s
	out.own = own
	return &out
}

func treeOf(keys map[string]string) *tree {
	t := &tree{revision: 1}
	for key, value := range keys {
		t.entries = append(t.entries, pack.Entry{Key: "/" + key, Value: value})
	}
	pack.Sort(t.entries)
	return t
}
