package server

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"drover/client"
	wire "drover/console/api"
	"drover/console/auth"
	"drover/fault"
	"drover/metadata"
	"drover/workflows/api"
)

// askLive is how long a list waits for running operations to say where they are.
const askLive = 2 * time.Second

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
	var held map[string]bool
	if in.Held {
		if held, err = s.Client.Held(ctx); err != nil {
			return nil, failed(err)
		}
	}
	who := callOf(ctx).Identity
	seen := slices.DeleteFunc(all, func(v metadata.View) bool { return !who.Covers(v.Labels) })
	visible := len(seen)
	found := slices.DeleteFunc(seen, func(v metadata.View) bool { return in.Held && !held[v.ClusterID] || !in.passes(v) })
	slices.SortFunc(found, in.order())
	page := wire.Page[wire.Cluster]{Items: []wire.Cluster{}, Total: len(found), All: visible}
	for _, v := range found[min(skip, len(found)):min(skip+in.Limit, len(found))] {
		v.Nodes, v.Refuses = nil, nil // as in the CLI's list
		page.Items = append(page.Items, clusterOf(v))
	}
	if end := skip + in.Limit; end < len(found) {
		page.Next = strconv.Itoa(end)
	}
	s.live(ctx, page.Items)
	if in.Health {
		if err := s.healthy(ctx, page.Items); err != nil {
			return nil, failed(err)
		}
	}
	return &body[wire.Page[wire.Cluster]]{Body: page}, nil
}

// live adds where running operations are, as far as they say so in time.
func (s *Server) live(ctx context.Context, clusters []wire.Cluster) {
	ctx, stop := context.WithTimeout(ctx, askLive)
	defer stop()
	views := make([]api.ClusterView, len(clusters))
	for i, c := range clusters {
		views[i] = c.ClusterView
	}
	s.Client.Live(ctx, views)
	for i, v := range views {
		clusters[i].Operation = v.Operation
		if v.Operation.State == api.OpHeld {
			clusters[i].Held = v.Operation.Step
		}
	}
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
		(in.Running || in.Held) && v.Operation.State != api.OpRunning,
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
		out.ClusterView = *seen
	}
	one := []wire.Cluster{out}
	s.live(ctx, one)
	return &body[wire.Cluster]{Body: one[0]}, nil
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
