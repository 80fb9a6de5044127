package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// quiet is the longest silence of a stream: proxies end connections that are silent for longer.
const quiet = 15 * time.Second

// stream gives the latest event of a resource, and a channel that is closed when there may be another.
type stream func() (event, <-chan struct{}, error)

// events registers a route of server-sent events: "update" with the whole resource at every change, and "end" with the last state
// of one that ends. Each event is whole, so a client that was away needs no more than the latest one.
func events[I any](a huma.API, op huma.Operation, resource any, open func(context.Context, *I) (next stream, close func(), err error), last func(*I) string) {
	op.Description += " Events are named update, or end for the last one; the data of each is the whole resource. " +
		"A stream that breaks is resumed with Last-Event-ID: what was received already is not sent again."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Server-sent events",
		Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
			Type: huma.TypeObject, Title: "Event", Properties: map[string]*huma.Schema{
				"id": {Type: huma.TypeString}, "event": {Type: huma.TypeString, Enum: []any{"update", "end"}},
				"data": a.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(resource), true, ""),
			},
		}}},
	}}
	huma.Register(a, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		next, done, err := open(ctx, in)
		if err != nil {
			return nil, failed(err)
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			defer done()
			_, w := humago.Unwrap(hctx)
			h := w.Header()
			h.Set("Content-Type", "text/event-stream")
			h.Set("X-Accel-Buffering", "no")
			hctx.SetStatus(http.StatusOK)
			send(hctx.Context(), w, next, last(in))
		}}, nil
	})
}

// send writes events until the resource or the connection ends.
func send(ctx context.Context, w http.ResponseWriter, next stream, sent string) {
	control := http.NewResponseController(w)
	beat := time.NewTicker(quiet)
	defer beat.Stop()
	_, _ = io.WriteString(w, "retry: 1000\n\n")
	_ = control.Flush()
	for {
		e, changed, err := next()
		if err != nil {
			return // the client asks again, and gets the problem as an answer
		}
		if e.id != "" && (e.id != sent || e.end) {
			name := "update"
			if e.end {
				name = "end"
			}
			if _, err := fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", e.id, name, e.data); err != nil {
				return
			}
			sent = e.id
			if control.Flush() != nil || e.end {
				return
			}
		}
		select {
		case <-changed:
		case <-beat.C:
			if _, err := io.WriteString(w, ": \n\n"); err != nil || control.Flush() != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
