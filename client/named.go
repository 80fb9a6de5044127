package client

import (
	"context"
	"fmt"
	"strings"

	"drover/fault"
	"drover/workflows/api"
)

// ClusterID is the id of the cluster that a word means: its id, or its name. What has the form of an id is the id, and is
// returned without a question.
func (c *Client) ClusterID(ctx context.Context, word string) (string, error) {
	if api.ValidClusterID(word) {
		return word, nil
	}
	return ClusterNamed(ctx, c, word)
}

// Lister reads a page of clusters.
type Lister interface {
	Clusters(ctx context.Context, in api.ListClustersInput) (*api.ClusterList, error)
}

// ClusterNamed is the id of the cluster with a name; names are unique.
func ClusterNamed(ctx context.Context, clusters Lister, name string) (string, error) {
	list, err := clusters.Clusters(ctx, api.ListClustersInput{Name: name})
	if err != nil {
		return "", err
	}
	if id := holder(list.Clusters, name); id != "" {
		return id, nil
	}
	if list, err = clusters.Clusters(ctx, api.ListClustersInput{}); err != nil { // a page is enough for a guess
		return "", err
	}
	var names []string
	for _, c := range list.Clusters {
		names = append(names, c.Name, c.ClusterID)
	}
	return "", fault.New(fault.NotFound, "no cluster has the name or id %q%s", name, meant(name, names)).
		WithHint("list the clusters with: drover list; deleted clusters are known by id only")
}

func holder(clusters []api.ClusterView, name string) string {
	for _, c := range clusters {
		if c.Name == name {
			return c.ClusterID
		}
	}
	return ""
}

// NodeIDs are the ids of the nodes of a cluster that words mean: an id, role/sid or an address. All that mean none are one
// Invalid fault.
func (c *Client) NodeIDs(ctx context.Context, clusterID string, words []string) ([]string, error) {
	cluster, err := c.Cluster(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	return NodesNamed(cluster, words)
}

// NodesNamed are the ids of the nodes of a cluster that words mean.
func NodesNamed(cluster *api.ClusterView, words []string) ([]string, error) {
	ids := make([]string, 0, len(words))
	var problems []string
	for _, word := range words {
		id, problem := nodeNamed(cluster.Nodes, word)
		if problem != "" {
			problems = append(problems, problem)
		}
		ids = append(ids, id)
	}
	if len(problems) == 0 {
		return ids, nil
	}
	f := fault.New(fault.Invalid, "not nodes of cluster %s: %s", cluster.ClusterID, strings.Join(problems, "; ")).At(cluster.ClusterID, "", "")
	return nil, f.WithHint("use an id, role/sid or an address; list the nodes with: drover nodes %s", cluster.ClusterID)
}

func nodeNamed(nodes []api.NodeView, word string) (id, problem string) {
	var names []string
	for _, n := range nodes {
		if word == n.NodeID || word == n.Label() || word == n.IP && n.IP != "" {
			return n.NodeID, ""
		}
		names = append(names, n.NodeID, n.Label(), n.IP)
	}
	return "", fmt.Sprintf("%q%s", word, meant(word, names))
}

// meant is what a word was probably meant to be, as an addition to a message.
func meant(word string, names []string) string {
	if near := fault.DidYouMean(word, names); near != "" {
		return near
	}
	for _, name := range names { // the beginning of a long name has many edits
		if word != "" && strings.HasPrefix(strings.ToLower(name), strings.ToLower(word)) {
			return fmt.Sprintf(" (did you mean %s?)", name)
		}
	}
	return ""
}
