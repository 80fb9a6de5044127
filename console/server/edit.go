package server

import (
	"context"
	"slices"
	"strings"

	"drover/client"
	wire "drover/console/api"
	"drover/fault"
	"drover/workflows/api"
)

// edit changes name, labels and protection. Labels that limit a user are not theirs to change.
func (s *Server) edit(ctx context.Context, in *editInput) (*body[api.ClusterDetails], error) {
	c := callOf(ctx)
	change := in.Body
	if err := names("cluster_id", &change.ClusterID, in.ID); err != nil {
		return nil, noted(ctx, err)
	}
	problems := change.Problems()
	for key := range c.Labels {
		if _, set := change.Labels[key]; set || slices.Contains(change.RemoveLabels, key) {
			problems = append(problems, "labels: "+key+" limits "+c.User+", who may not change it")
		}
	}
	if err := invalid(problems); err != nil {
		return nil, noted(ctx, err)
	}
	c.entry.Operation = api.EditCluster
	out, err := s.Client.Edit(ctx, change, client.Summary(api.EditCluster, in.ID)+" by "+c.User)
	return answer(ctx, out, err)
}

// invalid is one fault for all problems; nil without any.
func invalid(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "%s", strings.Join(problems, "; "))
	f.Problems = problems
	return f
}

// names fills a field of a body that the path has too, and refuses a body about another object.
func names(field string, have *string, path string) error {
	if *have != "" && *have != path {
		return fault.New(fault.Invalid, "%s: the body is about %s, the path about %s", field, *have, path)
	}
	*have = path
	return nil
}

// current is the running operation, or the one that ended last.
func (s *Server) current(ctx context.Context, in *currentInput) (*body[wire.Operation], error) {
	ask := s.Client.Current
	if in.All {
		ask = s.Client.Latest
	}
	op, err := ask(ctx, in.ID)
	if err != nil {
		return nil, failed(err)
	}
	return &body[wire.Operation]{Body: wire.Operation{ID: wire.OperationID(in.ID, op.FirstRunID), Operation: *op}}, nil
}

// logs reads what commands printed; secrets were removed by the worker.
func (s *Server) logs(ctx context.Context, in *logsInput) (*body[api.Logs], error) {
	question := in.Body
	if err := names("cluster_id", &question.ClusterID, in.ID); err != nil {
		return nil, failed(err)
	}
	if err := invalid(question.Problems()); err != nil {
		return nil, failed(err)
	}
	out, err := s.Client.Logs(ctx, question)
	if err != nil {
		return nil, failed(err)
	}
	out.Commands = append([]api.CommandLog{}, out.Commands...)
	return &body[api.Logs]{Body: *out}, nil
}

func (s *Server) commands(ctx context.Context, in *commandsInput) (*body[wire.Items[wire.Operation]], error) {
	found, err := s.Client.Execs(ctx, in.ID, in.Limit)
	return &body[wire.Items[wire.Operation]]{Body: listed(in.ID, found)}, failed(err)
}

// exec runs an operator's command. Its words are not in the audit list; drover ops has them.
func (s *Server) exec(ctx context.Context, in *execInput) (*body[api.Executed], error) {
	c := callOf(ctx)
	c.entry.Operation = api.ExecCommand
	command := in.Body
	if err := names("cluster_id", &command.ClusterID, in.ID); err != nil {
		return nil, noted(ctx, err)
	}
	if err := invalid(command.Problems()); err != nil {
		return nil, noted(ctx, err)
	}
	out, err := s.Client.Exec(ctx, command, c.User)
	return answer(ctx, out, err)
}

func (s *Server) defaultApp(ctx context.Context, in *appPath) (*body[api.AppDetail], error) {
	out, err := s.Client.App(ctx, in.App, "")
	return answer(ctx, out, err)
}
