package server

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"drover/client"
	wire "drover/console/api"
	"drover/console/auth"
	"drover/fault"
	"drover/metadata"
	"drover/workflows/api"
)

// clusters is a page of the views that pass the filters, within the labels of who asks.
func (s *Server) clusters(ctx context.Context, in *clustersInput) (*body[wire.Page[wire.Cluster]], error) {
	skip, err := auth.Offset(in.Cursor)
	if err != nil {
		return nil, failed(err)
	}
	all, err := s.Views.All(ctx)
	if err != nil {
		return nil, failed(err)
	}
	who := callOf(ctx).Identity
	seen := slices.DeleteFunc(all, func(v metadata.View) bool { return !who.Covers(v.Labels) })
	visible := len(seen)
	found := slices.DeleteFunc(seen, func(v metadata.View) bool { return !in.passes(v) })
	slices.SortFunc(found, in.order())
	page := wire.Page[wire.Cluster]{Items: []wire.Cluster{}, Total: len(found), All: visible}
	for _, v := range found[min(skip, len(found)):min(skip+in.Limit, len(found))] {
		v.Nodes, v.Refuses = nil, nil // as in the CLI's list
		page.Items = append(page.Items, clusterOf(v))
	}
	if end := skip + in.Limit; end < len(found) {
		page.Next = strconv.Itoa(end)
	}
	if in.Health {
		if err := s.healthy(ctx, page.Items); err != nil {
			return nil, failed(err)
		}
	}
	return &body[wire.Page[wire.Cluster]]{Body: page}, nil
}

// healthy adds what the agents of all nodes answer now.
func (s *Server) healthy(ctx context.Context, clusters []wire.Cluster) error {
	seen := map[string]*api.Health{}
	if err := client.EachPage(ctx, s.Client, api.ListClustersInput{Health: true}, func(page *api.ClusterList) bool {
		for _, c := range page.Clusters {
			seen[c.ClusterID] = c.Health
		}
		return true
	}); err != nil {
		return err
	}
	for i := range clusters {
		clusters[i].Health = seen[clusters[i].ClusterID]
	}
	return nil
}

// clusterOf is a view as the API shows it: the JSON of both is the same.
func clusterOf(v metadata.View) wire.Cluster {
	out := wire.Cluster{Labels: v.Labels}
	if v.Operation.State == api.OpHeld {
		out.Held = v.Operation.Step
	}
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out.ClusterView)
	}
	if err != nil {
		return wire.Cluster{ClusterView: api.ClusterView{ClusterID: v.ClusterID, State: api.ClusterUnreadable, Reason: err.Error()}}
	}
	return out
}

func (in *clustersInput) passes(v metadata.View) bool {
	switch {
	case len(in.State) > 0 && !slices.Contains(in.State, v.State),
		len(in.App) > 0 && !slices.Contains(in.App, v.App),
		in.Running && !open(v), in.Held && v.Operation.State != api.OpHeld,
		!v.HasLabels(in.Label):
		return false
	}
	if in.Search == "" {
		return true
	}
	return slices.ContainsFunc([]string{v.ClusterID, v.Name, v.App, v.Version, v.Reason}, func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(in.Search))
	})
}

// open reports whether an operation of the cluster has not ended.
func open(v metadata.View) bool {
	return slices.Contains([]string{api.OpRunning, api.OpHeld, api.OpUndoing}, v.Operation.State)
}

func (in *clustersInput) order() func(x, y metadata.View) int {
	key, descending := strings.CutPrefix(in.Sort, "-")
	order := metadata.ViewOrder(key)
	if descending {
		return func(x, y metadata.View) int { return order(y, x) }
	}
	return order
}

func (s *Server) cluster(ctx context.Context, in *clusterInput) (*body[wire.Cluster], error) {
	v, _, err := s.Views.One(ctx, in.ID)
	if err != nil {
		return nil, failed(err)
	}
	out := clusterOf(v)
	if in.Agents {
		seen, err := s.Client.ClusterAndAgents(ctx, in.ID)
		if err != nil {
			return nil, failed(err)
		}
		seen.Operation = out.Operation
		out.ClusterView = *seen
	}
	return &body[wire.Cluster]{Body: out}, nil
}

func (s *Server) clusterEvents(ctx context.Context, in *clusterEvents) (stream, func(), error) {
	if _, _, err := s.Views.One(ctx, in.ID); err != nil {
		return nil, nil, err
	}
	return func() (event, <-chan struct{}, error) {
		v, changed, err := s.Views.One(ctx, in.ID)
		if fault.Is(err, fault.NotFound) {
			return eventOf(wire.Cluster{ClusterView: api.ClusterView{ClusterID: in.ID, State: "gone"}}, true), changed, nil
		}
		return eventOf(clusterOf(v), false), changed, err
	}, func() {}, nil
}
