package operations

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"drover/fault"
)

// Target overrides what the temporal CLI's configuration file and the TEMPORAL_* variables say; empty fields do not.
type Target struct {
	Address   string
	Namespace string
	Profile   string
	// PayloadKey is the file with the keys payloads are encrypted with; "" sends them as they are.
	PayloadKey string
	// Timeout is how long connecting may take.
	Timeout time.Duration
}

// Options merges file, environment and target into client options. Nothing is dialled, and no payload key is used yet.
func (t Target) Options(env envconfig.EnvLookup) (client.Options, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{
		ConfigFileProfile: t.Profile,
		EnvLookup:         env,
	})
	if err != nil {
		return options, fault.Wrap(err, fault.Invalid, "cannot read the Temporal client configuration").
			WithHint("check TEMPORAL_PROFILE, --profile and the file in TEMPORAL_CONFIG_FILE")
	}
	if t.Address != "" {
		options.HostPort = t.Address
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if t.Namespace != "" {
		options.Namespace = t.Namespace
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	options.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	return options, nil
}

// Dial connects with options. The answer comes within timeout, also without a listener.
func Dial(ctx context.Context, options client.Options, timeout time.Duration) (client.Client, error) {
	dialCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	options.ConnectionOptions.GetSystemInfoTimeout = timeout
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
