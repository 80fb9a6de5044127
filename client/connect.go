package client

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"

	"drover/codec"
	"drover/fault"
)

// Options say what to connect to. The zero value connects to what the temporal CLI's configuration file and the TEMPORAL_* and
// DROVER_* variables say, as the drover command does; fields that are set override them.
type Options struct {
	Address   string // host:port of Temporal's frontend
	Namespace string
	Profile   string // of the configuration file
	// PayloadKey is the file with the keys that encrypt payloads; the workers need the same.
	PayloadKey string
	// ConnectTimeout bounds Dial; 0 means 5 s. ReadTimeout bounds every question to a worker; 0 means 30 s.
	ConnectTimeout time.Duration
	ReadTimeout    time.Duration
	// Env replaces the environment of the process.
	Env envconfig.EnvLookup
	// Now is the clock for waiting times and texts; nil means time.Now.
	Now func() time.Time
	// Connect replaces the connection to Temporal; nil means Connect.
	Connect func(context.Context, client.Options, time.Duration) (client.Client, error)
}

const defaultConnectTimeout = 5 * time.Second

// Dial connects to Temporal. Close the client after use. An Unreachable fault means that no server responded; whether a worker
// does, is found by every call on its own.
func Dial(ctx context.Context, o Options) (*Client, error) {
	options, err := o.Temporal()
	if err != nil {
		return nil, err
	}
	keys, err := o.Keys()
	if err != nil {
		return nil, err
	}
	codec.Apply(&options, keys)
	connect, now := o.Connect, o.Now
	if connect == nil {
		connect = Connect
	}
	if now == nil {
		now = time.Now
	}
	c, err := connect(ctx, options, cmp.Or(o.ConnectTimeout, defaultConnectTimeout))
	if err != nil {
		return nil, err
	}
	return &Client{Temporal: c, Keys: keys, Now: now, ReadTimeout: o.ReadTimeout}, nil
}

// Limit sets ReadTimeout.
func (c *Client) Limit(d time.Duration) { c.ReadTimeout = d }

// Close ends the connection; operations continue.
func (c *Client) Close() { c.Temporal.Close() }

// Temporal merges file, environment and o. Nothing is dialled, and no payload key is used yet.
func (o Options) Temporal() (client.Options, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{
		ConfigFileProfile: o.Profile,
		EnvLookup:         o.Env,
	})
	if err != nil {
		return options, fault.Wrap(err, fault.Invalid, "cannot read the Temporal client configuration").
			WithHint("check TEMPORAL_PROFILE, --profile and the file in TEMPORAL_CONFIG_FILE")
	}
	if o.Address != "" {
		options.HostPort = o.Address
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if o.Namespace != "" {
		options.Namespace = o.Namespace
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	options.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	return options, nil
}

// Connect connects with options. The answer comes within timeout, also without a listener.
func Connect(ctx context.Context, options client.Options, timeout time.Duration) (client.Client, error) {
	dialCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	options.ConnectionOptions.GetSystemInfoTimeout = timeout
	options.ConnectionOptions.DialOptions = append(options.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(requestIDs))
	c, err := client.DialContext(dialCtx, options)
	if err == nil {
		return c, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if dialCtx.Err() != nil {
		err = fmt.Errorf("no response within %s", timeout)
	}
	return nil, fault.Wrap(err, fault.Unreachable, "cannot reach Temporal at %s (namespace %q)", options.HostPort, options.Namespace).
		WithHint("check that the server is running and that --address, TEMPORAL_ADDRESS or a profile has its address; " +
			"start a local server with: temporal server start-dev")
}
