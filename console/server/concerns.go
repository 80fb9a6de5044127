package server

import (
	"context"
	"sync"
	"time"

	wire "drover/console/api"
	"drover/workflows/api"
)

// concernsFor is how long a list of the concerns of all clusters answers everyone who asks: pages ask again and again, and each
// reading is a workflow over all records.
const concernsFor = 2 * time.Second

// lastConcerns is the last list of the concerns of all clusters.
type lastConcerns struct {
	mu   sync.Mutex
	at   time.Time
	list *api.ConcernList
}

// concerns are those of the clusters that the caller sees.
func (s *Server) concerns(ctx context.Context, in *concernsInput) (*body[wire.Page[api.Concern]], error) {
	list, err := s.allConcerns(ctx)
	cut := err == nil && list.Total > len(list.Concerns)
	if in.Cluster != "" && cut {
		list, err = s.Client.Concerns(ctx, in.Cluster)
	}
	if err != nil {
		return nil, failed(err)
	}
	who := callOf(ctx).Identity
	page := wire.Page[api.Concern]{Items: []api.Concern{}, Total: list.Total}
	for _, c := range list.Concerns {
		if (in.Cluster == "" || c.ClusterID == in.Cluster) && s.sees(ctx, who, c.ClusterID) {
			page.Items = append(page.Items, c)
		}
	}
	if !cut || len(who.Labels) > 0 {
		page.Total = len(page.Items)
	}
	if in.Cluster != "" && page.Total == 0 {
		_, _, err = s.Views.One(ctx, in.Cluster) // there may be no such cluster
	}
	return &body[wire.Page[api.Concern]]{Body: page}, failed(err)
}

// allConcerns reads once for all who ask within concernsFor.
func (s *Server) allConcerns(ctx context.Context) (*api.ConcernList, error) {
	last := &s.concerned
	last.mu.Lock()
	defer last.mu.Unlock()
	if now := s.Now(); last.list == nil || now.Sub(last.at) >= concernsFor {
		list, err := s.Client.Concerns(ctx, "")
		if err != nil {
			return nil, err
		}
		last.list, last.at = list, now
	}
	return last.list, nil
}
