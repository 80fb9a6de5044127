package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/fault"
	"drover/workflows/api"
)

// view is what `drover status -o json` says.
type view struct {
	Cluster   *api.ClusterView `json:"cluster"`
	Operation *struct {
		Error *fault.Fault `json:"error"`
	} `json:"operation"`
}

func (d *demo) status(ctx context.Context) (view, error) {
	var v view
	err := d.ask(ctx, &v, d.drover, "status", cluster, "-o", "json")
	if err == nil && v.Cluster == nil {
		err = fmt.Errorf("drover status does not know %s", cluster)
	}
	return v, err
}

// check asks Drover and every member of etcd whether all is as it has to be after a step: so many nodes, that version of
// etcd on each, all of them healthy voters, and all data readable from each.
func (d *demo) check(ctx context.Context, nodes int, version string) error {
	v, err := d.status(ctx)
	if err != nil {
		return err
	}
	if v.Cluster.State != "active" || v.Cluster.Version != version {
		return fmt.Errorf("the cluster has to be active on version %s, and it is %s on %s", version, v.Cluster.State, v.Cluster.Version)
	}
	var listed struct {
		Items []api.NodeView `json:"items"`
	}
	if err := d.ask(ctx, &listed, d.drover, "nodes", cluster, "-o", "json"); err != nil {
		return err
	}
	d.nodes = listed.Items
	if len(d.nodes) != nodes {
		return fmt.Errorf("drover lists %d nodes where %d are expected", len(d.nodes), nodes)
	}
	slices.SortFunc(d.nodes, func(a, b api.NodeView) int { return a.SID - b.SID })
	release, err := d.members(ctx, version)
	if err != nil {
		return err
	}
	if err := d.stored.check(ctx, d.endpoints()); err != nil {
		return err
	}
	fmt.Printf("  %d nodes, each a healthy member with etcd %s", nodes, release)
	if len(d.stored) > 0 {
		fmt.Printf("; every key written so far is there, whichever is asked: %d", len(d.stored))
	}
	fmt.Println()
	return nil
}

// members compares etcd's members with the nodes, and gives the release of etcd that all of them run.
func (d *demo) members(ctx context.Context, version string) (release string, _ error) {
	var members []struct {
		Endpoint string `json:"Endpoint"`
		Status   struct {
			Version   string `json:"version"`
			IsLearner bool   `json:"isLearner"`
		} `json:"Status"`
	}
	if err := d.ask(ctx, &members, d.etcdctl, "--endpoints", d.endpoint(0), "endpoint", "status", "--cluster", "-w", "json"); err != nil {
		return "", err
	}
	var found []string
	for _, m := range members {
		found = append(found, m.Endpoint)
		release = m.Status.Version
		switch {
		case !strings.HasPrefix(release, version+"."):
			return "", fmt.Errorf("etcd at %s is version %s, not %s", m.Endpoint, release, version)
		case m.Status.IsLearner:
			return "", fmt.Errorf("etcd at %s does not vote", m.Endpoint)
		}
	}
	slices.Sort(found)
	if want := slices.Sorted(slices.Values(d.endpoints())); !slices.Equal(found, want) {
		return "", fmt.Errorf("the members of etcd are %s, and the nodes %s", found, want)
	}
	var answers []struct {
		Endpoint string `json:"endpoint"`
		Health   bool   `json:"health"`
	}
	if err := d.ask(ctx, &answers, d.etcdctl, "--endpoints", strings.Join(found, ","), "endpoint", "health", "-w", "json"); err != nil {
		return "", err
	}
	for _, a := range answers {
		if !a.Health {
			return "", fmt.Errorf("etcd says that %s is not healthy", a.Endpoint)
		}
	}
	return release, nil
}

func (d *demo) endpoint(i int) string { return "http://" + d.nodes[i].IP + ":2379" }

func (d *demo) endpoints() []string {
	var all []string
	for i := range d.nodes {
		all = append(all, d.endpoint(i))
	}
	return all
}
