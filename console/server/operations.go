package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"drover/client"
	wire "drover/console/api"
	"drover/fault"
	"drover/workflows/api"
)

func (s *Server) createCluster(ctx context.Context, in *createInput) (*started, error) {
	request := s.request(ctx, api.CreateCluster, in.Body.ID, in.Key)
	choose(&request)
	input := in.Body.Input
	input.DryRun = input.DryRun || in.DryRun
	request.App, request.Input, request.Summary = input.App, input, "create "+input.App+" "+request.ClusterID
	return s.start(ctx, request)
}

// choose gives a request for a new cluster its id: the same one for the same key.
func choose(r *client.Request) {
	if r.ClusterID != "" {
		return
	}
	seed := r.RequestID
	if seed == "" {
		seed = rand.Text()
	}
	sum := sha256.Sum256([]byte(seed))
	r.ClusterID = "cl-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

func (s *Server) startOperation(ctx context.Context, in *startInput) (*started, error) {
	request := s.request(ctx, in.Body.Type, in.ID, in.Key)
	var err error
	if request.Input, err = decodeInput(in.Body.Type, in.Body.Input, in.DryRun); err != nil {
		return nil, noted(ctx, err)
	}
	request.Summary = client.Summary(in.Body.Type, in.ID)
	return s.start(ctx, request)
}

// decodeInput reads the operation's own input; unknown fields are refused.
func decodeInput(operation string, text json.RawMessage, dryRun bool) (any, error) {
	kind, ok := api.Inputs[operation]
	if !ok {
		return nil, fault.New(fault.Invalid, "type: %q is not an operation on a cluster that exists", operation).
			WithHint("see StartBody in /v1/openapi.json; clusters are created with POST /v1/clusters")
	}
	into := reflect.New(reflect.TypeOf(kind))
	if len(text) > 0 {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(into.Interface()); err != nil {
			return nil, fault.New(fault.Invalid, "input of %s: %v", operation, err)
		}
	}
	if dryRun {
		into.Elem().FieldByName("DryRun").SetBool(true)
	}
	return into.Elem().Interface(), nil
}

func (s *Server) request(ctx context.Context, operation, clusterID, key string) client.Request {
	c := callOf(ctx)
	r := client.Request{Operation: operation, ClusterID: clusterID, By: c.User}
	if key != "" { // keys of two users are not the same
		sum := sha256.Sum256([]byte(c.User + "\n" + key))
		r.RequestID = hex.EncodeToString(sum[:16])
	}
	return r
}

// makes are the operations that make a cluster.
var makes = map[string]bool{api.CreateCluster: true, api.RestoreCluster: true, api.VerifyBackup: true}

// start starts an operation, or answers the plan of a dry run.
func (s *Server) start(ctx context.Context, r client.Request) (*started, error) {
	c := callOf(ctx)
	c.entry.Cluster, c.entry.Operation = r.ClusterID, r.Operation
	if makes[r.Operation] && len(c.Labels) > 0 {
		return nil, noted(ctx, fault.New(fault.NotAllowed, "%s is limited to clusters with certain labels, and a new cluster has none", c.User))
	}
	h, err := s.Client.Begin(ctx, r)
	if fault.Is(err, fault.Conflict) {
		return nil, noted(ctx, s.busy(ctx, r.ClusterID, err))
	}
	if err != nil {
		return nil, noted(ctx, err)
	}
	id := wire.OperationID(h.ClusterID, h.RunID)
	c.entry.Run = id
	if h.WorkflowID != api.WorkflowID(h.ClusterID) {
		op, err := h.Follow(ctx, func(client.Sight) {})
		if err != nil {
			return nil, noted(ctx, err)
		}
		return &started{Status: http.StatusOK, Body: wire.Operation{ID: id, Operation: *op}}, nil
	}
	op, err := h.Look(ctx)
	if err != nil { // it has started, whatever can be seen of it now
		op = &client.Operation{
			ClusterID: h.ClusterID, Type: h.Operation, WorkflowID: h.WorkflowID, RunID: h.RunID, State: client.StateRunning, StartedAt: s.Now().UTC(), By: r.By,
		}
	}
	return &started{Status: http.StatusAccepted, Location: "/v1/operations/" + id, Body: wire.Operation{ID: id, Operation: *op}}, nil
}

// busy adds the operation that keeps the cluster.
func (s *Server) busy(ctx context.Context, clusterID string, err error) error {
	var p *wire.Problem
	if errors.As(failed(err), &p) {
		if op, err := s.Client.Latest(ctx, clusterID); err == nil && op.Running() {
			p.Holder = &wire.Operation{ID: wire.OperationID(clusterID, op.FirstRunID), Operation: *op}
		}
		return p
	}
	return err
}

func (s *Server) history(ctx context.Context, in *historyInput) (*body[wire.Items[wire.Operation]], error) {
	found, err := s.Client.History(ctx, in.ID, in.Limit, in.All)
	return &body[wire.Items[wire.Operation]]{Body: listed(in.ID, found)}, failed(err)
}

// listed are runs of a cluster as the API has them.
func listed(clusterID string, found []client.Operation) wire.Items[wire.Operation] {
	out := wire.Items[wire.Operation]{Items: []wire.Operation{}}
	for _, op := range found {
		run := op.FirstRunID
		if run == "" {
			run = op.RunID
		}
		out.Items = append(out.Items, wire.Operation{ID: wire.OperationID(clusterID, run), Operation: op})
	}
	return out
}

// handleOf is the operation that a path names.
func (s *Server) handleOf(id string) (*client.Handle, error) {
	cluster, run, ok := wire.SplitOperationID(id)
	if !ok {
		return nil, fault.New(fault.Invalid, "id: %q is not the id of an operation", id)
	}
	return s.Client.Operation(cluster, run), nil
}

func (s *Server) operation(ctx context.Context, in *OperationPath) (*body[wire.Operation], error) {
	h, err := s.handleOf(in.ID)
	if err != nil {
		return nil, failed(err)
	}
	op, err := h.Look(ctx)
	if err != nil {
		return nil, failed(err)
	}
	return &body[wire.Operation]{Body: wire.Operation{ID: in.ID, Operation: *op}}, nil
}

func (s *Server) operationEvents(ctx context.Context, in *operationEvents) (stream, func(), error) {
	h, err := s.handleOf(in.ID)
	if err != nil {
		return nil, nil, err
	}
	if _, err := h.Look(ctx); err != nil {
		return nil, nil, err
	}
	leave := s.hub.join(h.ClusterID, h.RunID)
	return func() (event, <-chan struct{}, error) { return s.hub.latest(h.ClusterID, h.RunID) }, leave, nil
}

func (s *Server) resolve(ctx context.Context, in *resolveInput) (*body[api.Resolved], error) {
	h, err := s.handleOf(in.ID)
	if err != nil {
		return nil, noted(ctx, err)
	}
	decision := in.Body
	decision.By = callOf(ctx).User
	if err := invalid(decision.Problems()); err != nil {
		return nil, noted(ctx, err)
	}
	callOf(ctx).entry.Run = in.ID
	answer, err := h.Resolve(ctx, decision)
	if err != nil {
		return nil, noted(ctx, err)
	}
	return &body[api.Resolved]{Body: *answer}, nil
}

func (s *Server) cancel(ctx context.Context, in *OperationPath) (*body[wire.Operation], error) {
	h, err := s.handleOf(in.ID)
	if err != nil {
		return nil, noted(ctx, err)
	}
	callOf(ctx).entry.Run = in.ID
	if err := h.Cancel(ctx); err != nil {
		return nil, noted(ctx, err)
	}
	return s.operation(ctx, in)
}
