// Package rest has the settings of a client of Kubernetes that Consul gives.
package rest

import (
	"context"
	"net"
)

type (
	// Config says where the server is.
	Config struct {
		Host, BearerToken string
		Dial              func(ctx context.Context, network, address string) (net.Conn, error)
		TLSClientConfig
		ContentConfig
	}
	// TLSClientConfig says which authority to trust.
	TLSClientConfig struct{ CAData []byte }
	// ContentConfig says how to talk.
	ContentConfig struct{ ContentType string }
)
