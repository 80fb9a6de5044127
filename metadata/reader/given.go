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

func treeOf(keys map[string]string) *tree {
	t := &tree{revision: 1}
	for key, value := range keys {
		t.entries = append(t.entries, pack.Entry{Key: "/" + key, Value: value})
	}
	pack.Sort(t.entries)
	return t
}
