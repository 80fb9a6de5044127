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
	// pollFor is how long one poll waits for a task. The server assigns tasks to an open poll even when its worker is
	// stopped or disconnected, and each lost task has to time out: polls of the default minute could lose several in a row.
	// The server answers an empty poll a second before this time is over.
	pollFor = 6 * time.Second
	// deadAfter is how long bytes to the server may stay unconfirmed. Polls send some all the time.
	deadAfter = 5 * time.Second
	// redialEvery bounds the pauses between attempts to connect to the server, and each attempt.
	redialEvery = 3 * time.Second
)

// lively configures a connection to detect within seconds that the network, or the server, is gone or back.
func lively(o *client.ConnectionOptions) {
	o.KeepAliveTimeout = deadAfter
	o.DialOptions = append(o.DialOptions,
		grpc.WithChainUnaryInterceptor(shortPolls),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: redialEvery},
			MinConnectTimeout: redialEvery,
		}))
}

// shortPolls sets the deadline of polls.
func shortPolls(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if poll := method[strings.LastIndexByte(method, '/')+1:]; strings.HasPrefix(poll, "Poll") && strings.HasSuffix(poll, "TaskQueue") {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, pollFor)
		defer done()
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}
