package main

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

const (
	// pollFor is how long one poll waits for a task. The server hands tasks to a poll that is open, also when the worker
	// behind it stands still or is cut off, and each task so lost has to time out first: polls of the usual minute could
	// swallow several in a row. The server answers an empty poll a second before this is over.
	pollFor = 6 * time.Second
	// deadAfter is how long bytes to the server may stay unconfirmed. There are always some: polls.
	deadAfter = 5 * time.Second
	// redialEvery bounds the pauses between attempts to reach the server, and each attempt.
	redialEvery = 3 * time.Second
)

// lively makes a connection that notices within seconds that the network, or the server, is gone or back.
func lively(o *client.ConnectionOptions) {
	o.KeepAliveTimeout = deadAfter
	o.DialOptions = append(o.DialOptions,
		grpc.WithChainUnaryInterceptor(shortPolls),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: redialEvery},
			MinConnectTimeout: redialEvery,
		}))
}

// shortPolls gives polls their deadline.
func shortPolls(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if poll := method[strings.LastIndexByte(method, '/')+1:]; strings.HasPrefix(poll, "Poll") && strings.HasSuffix(poll, "TaskQueue") {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, pollFor)
		defer done()
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}
