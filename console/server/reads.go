package server

import (
	"bytes"
	"context"
	"slices"

	wire "drover/console/api"
	"drover/fault"
	"drover/specs"
	"drover/workflows/api"
)

// maxArchive is what PublishApp takes; the archive travels in the workflow's input.
const maxArchive = 384 << 10

func items[T any](list []T, err error) (*body[wire.Items[T]], error) {
	if err != nil {
		return nil, failed(err)
	}
	return &body[wire.Items[T]]{Body: wire.Items[T]{Items: append([]T{}, list...)}}, nil
}

func answer[T any](ctx context.Context, out *T, err error) (*body[T], error) {
	if err != nil {
		return nil, noted(ctx, err)
	}
	return &body[T]{Body: *out}, nil
}

func (s *Server) apps(ctx context.Context, _ *nothing) (*body[wire.Items[api.AppView]], error) {
	list, err := s.Client.Apps(ctx)
	if err != nil {
		return nil, failed(err)
	}
	return items(list.Apps, nil)
}

func (s *Server) app(ctx context.Context, in *VersionPath) (*body[api.AppDetail], error) {
	out, err := s.Client.App(ctx, in.App, in.Version)
	return answer(ctx, out, err)
}

func (s *Server) values(ctx context.Context, in *ClusterPath) (*body[api.ClusterValues], error) {
	out, err := s.Client.Values(ctx, in.ID)
	return answer(ctx, out, err)
}

func (s *Server) lint(ctx context.Context, in *Upload) (*body[wire.Linted], error) {
	p, err := specs.FromArchive("upload", bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, noted(ctx, err)
	}
	found := specs.Lint(ctx, p)
	return &body[wire.Linted]{Body: wire.Linted{
		Errors: len(found.Errors()), Warnings: len(found.Warnings()), Diagnostics: append([]specs.Diagnostic{}, found...),
	}}, nil
}

func (s *Server) publish(ctx context.Context, in *publishInput) (*body[wire.Published], error) {
	request := api.PublishAppInput{App: in.App, Version: in.Version, Replace: in.Replace}
	p, err := specs.FromArchive("upload", bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, noted(ctx, err)
	}
	found := specs.Lint(ctx, p)
	problems := request.NameProblems()
	for _, d := range found.Errors() {
		problems = append(problems, d.String())
	}
	if request.Archive, err = p.Archive(); err != nil {
		return nil, noted(ctx, err)
	}
	if n := len(request.Archive); n > maxArchive {
		problems = append(problems, "the package is too large: at most 384 KiB packed can be published")
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "the package is not published: %s", problems[0])
		f.Problems = problems
		return nil, noted(ctx, f)
	}
	app, err := s.Client.Publish(ctx, request)
	if err != nil {
		return nil, noted(ctx, err)
	}
	return &body[wire.Published]{Body: wire.Published{App: *app, Warnings: append([]specs.Diagnostic{}, found.Warnings()...)}}, nil
}

func (s *Server) yank(ctx context.Context, in *yankInput) (*body[api.AppView], error) {
	out, err := s.Client.Yank(ctx, api.YankAppInput{App: in.App, Version: in.Version, Undo: in.Body.Undo})
	return answer(ctx, out, err)
}

func (s *Server) unpublish(ctx context.Context, in *VersionPath) (*body[api.AppView], error) {
	out, err := s.Client.Unpublish(ctx, api.UnpublishAppInput{App: in.App, Version: in.Version})
	return answer(ctx, out, err)
}

func (s *Server) examine(ctx context.Context, in *ClusterPath) (*body[api.Examination], error) {
	out, err := s.Client.Examine(ctx, in.ID)
	return answer(ctx, out, err)
}

// orphans are those of the clusters within the labels of who asks.
func (s *Server) orphans(ctx context.Context, in *orphansInput) (*body[api.OrphanList], error) {
	who := callOf(ctx).Identity
	if in.Cluster != "" && !s.sees(ctx, who, in.Cluster) {
		return nil, failed(fault.New(fault.NotAllowed, "cluster %s is outside the labels of %s", in.Cluster, who.User))
	}
	list, err := s.Client.Orphans(ctx, in.Cluster)
	if err != nil {
		return nil, failed(err)
	}
	if len(who.Labels) > 0 {
		list.Orphans = slices.DeleteFunc(list.Orphans, func(o api.Orphan) bool { return !s.sees(ctx, who, o.ClusterID) })
		list.Total, list.Remains, list.Problems = len(list.Orphans), nil, nil
	}
	list.Orphans = append([]api.Orphan{}, list.Orphans...)
	return &body[api.OrphanList]{Body: *list}, nil
}

func (s *Server) retryOrphans(ctx context.Context, _ *nothing) (*body[api.ReleasedOrphans], error) {
	out, err := s.Client.RetryOrphans(ctx)
	return answer(ctx, out, err)
}

func (s *Server) collectOrphans(ctx context.Context, in *collectInput) (*body[api.CollectedOrphans], error) {
	out, err := s.Client.CollectOrphans(ctx, api.CollectOrphansInput{ClusterID: in.ID, DryRun: in.Body.DryRun})
	return answer(ctx, out, err)
}

func (s *Server) providers(ctx context.Context, _ *nothing) (*body[wire.Items[api.ProviderView]], error) {
	list, err := s.Client.Providers(ctx)
	if err != nil {
		return nil, failed(err)
	}
	return items(list.Providers, nil)
}

func (s *Server) hosts(ctx context.Context, in *hostsInput) (*body[wire.Items[api.HostView]], error) {
	return s.machines(ctx, api.ListHostsInput{Provider: in.Provider})
}

func (s *Server) checkHosts(ctx context.Context, in *hostsCheckInput) (*body[wire.Items[api.HostView]], error) {
	return s.machines(ctx, api.ListHostsInput{
		Provider: in.Body.Provider, Check: true, Inventory: in.Body.Inventory, InventoryFile: in.Body.InventoryFile,
	})
}

func (s *Server) machines(ctx context.Context, in api.ListHostsInput) (*body[wire.Items[api.HostView]], error) {
	list, err := s.Client.Hosts(ctx, in)
	if err != nil {
		return nil, noted(ctx, err)
	}
	return items(list.Hosts, nil)
}
