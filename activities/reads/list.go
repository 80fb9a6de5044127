package reads

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"drover/activities/internal/ledger"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// maxPage bounds a page of clusters in bytes of JSON: Temporal warns from 256 KiB on.
const maxPage = 192 << 10

// askAll is how long ListClusters waits for the agents of a page's clusters, and clustersAtOnce how many it asks at the same time.
const (
	askAll         = 20 * time.Second
	clustersAtOnce = 16
)

// ListClusters reads a page of the clusters that pass the filters, and what agents reported last; it asks their agents for their
// health if the input asks for it, and a cluster whose agents were not asked in time has what they reported. In the order of ids and without filters it reads the views of
// the page alone; else those of all clusters, of which it keeps what a list shows.
func (a *Activities) ListClusters(ctx context.Context, in api.ListClustersInput) (api.ClusterList, error) {
	if problems := in.Problems(); len(problems) > 0 {
		f := fault.New(fault.Invalid, "%s", strings.Join(problems, "; "))
		f.Problems = problems
		return api.ClusterList{}, f
	}
	ids, err := a.Records.RecordIDs(ctx)
	if err != nil {
		return api.ClusterList{}, err
	}
	entries, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return api.ClusterList{}, err
	}
	list := api.ClusterList{Clusters: []api.ClusterView{}, Total: len(ids)}
	lives, err := a.Lives.Lives(ctx)
	if err != nil {
		return list, err
	}
	p := page{list: &list, limit: in.Limit, orphans: entries, lives: lives}
	if in.Name != "" {
		holder, err := a.Records.Holder(ctx, in.Name)
		if err != nil {
			return list, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return id != holder })
	}
	if unfiltered(in) {
		err = a.pageByID(ctx, ids, in.After, &p)
	} else {
		err = a.pageOfAll(ctx, ids, in, &p)
	}
	if err == nil && in.Health {
		a.addHealth(ctx, list.Clusters)
	}
	return list, err
}

// unfiltered: the page is known without a look at other clusters.
func unfiltered(in api.ListClustersInput) bool {
	return in.Prefix == "" && len(in.States)+len(in.Apps)+len(in.Labels) == 0 && !in.Running && (in.Sort == "" || in.Sort == "cluster")
}

// errFull ends the reading of views.
var errFull = errors.New("the page is full")

// page collects clusters until there is no room for more.
type page struct {
	list    *api.ClusterList
	limit   int
	size    int
	orphans []lifecycle.Orphan
	lives   map[string]metadata.Live
}

func (p *page) add(v metadata.View) error {
	view := shownOf(v.With(p.lives[v.ClusterID]))
	view.Orphans = ledger.Words(ledger.Of(p.orphans, v.ClusterID))
	text, err := json.Marshal(view)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "view of cluster %s", v.ClusterID)
	}
	n := len(p.list.Clusters)
	if n > 0 && (p.size+len(text) > maxPage || n == p.limit) {
		return errFull
	}
	p.size += len(text) + 1
	p.list.Clusters = append(p.list.Clusters, view)
	return nil
}

// pageByID continues behind an id, whether or not the cluster still exists.
func (a *Activities) pageByID(ctx context.Context, ids []string, after string, p *page) error {
	p.list.Matching = len(ids)
	i, found := slices.BinarySearch(ids, after)
	if found {
		i++
	}
	last := after
	err := a.Records.EachView(ctx, ids[i:], func(v metadata.View) error {
		if err := p.add(v); err != nil {
			return err
		}
		last = v.ClusterID
		return nil
	})
	if errors.Is(err, errFull) {
		p.list.Next, err = last, nil
	}
	return err
}

// pageOfAll continues at a place among the clusters that match, in the order that is asked for.
func (a *Activities) pageOfAll(ctx context.Context, ids []string, in api.ListClustersInput, p *page) error {
	start := 0
	if in.After != "" {
		n, err := strconv.Atoi(in.After)
		if err != nil || n < 0 {
			return fault.New(fault.Invalid, "after %q is not the next of a page with these filters", in.After)
		}
		start = n
	}
	var found []metadata.View
	if err := a.Records.EachView(ctx, ids, func(v metadata.View) error {
		if passes(in, v) {
			v.Nodes, v.Endpoints, v.Refuses = nil, nil, nil
			found = append(found, v)
		}
		return nil
	}); err != nil {
		return err
	}
	slices.SortFunc(found, metadata.ViewOrder(in.Sort))
	p.list.Matching = len(found)
	start = min(start, len(found))
	for i, v := range found[start:] {
		err := p.add(v)
		if errors.Is(err, errFull) {
			p.list.Next = strconv.Itoa(start + i)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func passes(in api.ListClustersInput, v metadata.View) bool {
	switch {
	case len(in.States) > 0 && !slices.Contains(in.States, v.State),
		len(in.Apps) > 0 && !slices.Contains(in.Apps, v.App),
		in.Running && v.Operation.State != api.OpRunning,
		!strings.HasPrefix(v.ClusterID, in.Prefix) && !strings.HasPrefix(v.Name, in.Prefix):
		return false
	}
	return v.HasLabels(in.Labels)
}

// addHealth asks the agents of the page's clusters.
func (a *Activities) addHealth(ctx context.Context, views []api.ClusterView) {
	ctx, stop := context.WithTimeout(ctx, askAll)
	defer stop()
	var asking sync.WaitGroup
	slots := make(chan struct{}, clustersAtOnce)
	for i := range views {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			rec, _, err := a.Records.Record(ctx, views[i].ClusterID)
			if err != nil {
				return // deleted meanwhile, or unreadable: no health
			}
			if seen := a.ask(ctx, rec); ctx.Err() == nil && len(seen) > 0 {
				views[i].Health = health(seen)
			}
		})
	}
	asking.Wait()
}

func shownOf(v metadata.View) api.ClusterView {
	view := api.ClusterView{
		ClusterID: v.ClusterID, Name: v.Name, App: v.App, Version: v.Version, Target: v.Target, Provider: v.Provider,
		State: v.State, Reason: v.Reason, Revision: v.Revision, CreatedAt: v.CreatedAt, NodeCount: v.NodeCount,
		Labels: v.Labels, Protected: v.Protected, Keep: v.Keep, Off: v.Off, Maintenance: v.Maintenance, Heal: v.Heal,
		Operation: api.OperationView(v.Operation),
	}
	if v.Binned != nil {
		view.Binned = &api.Binned{Since: v.Binned.Since, Until: v.Binned.Until}
	}
	if v.Health != nil {
		h := api.Health(*v.Health)
		view.Health = &h
	}
	return view
}
