// Package discover takes the place of github.com/hashicorp/go-discover in our build of Consul: it knows no cloud, and says
// so when it is asked.
package discover

import (
	"fmt"
	"log"
)

// Provider finds the addresses of servers in one cloud.
type Provider interface {
	Addrs(args map[string]string, l *log.Logger) ([]string, error)
	Help() string
}

// Providers is empty: the SDK of each cloud is what this build leaves out.
var Providers = map[string]Provider{}

// Discover is the answer to addresses of the form "provider=...".
type Discover struct{}

// Option is accepted and has no effect.
type Option func(*Discover) error

// New returns a Discover.
func New(...Option) (*Discover, error) { return &Discover{}, nil }

// WithUserAgent has no effect.
func WithUserAgent(string) Option { return nil }

// WithProviders has no effect.
func WithProviders(map[string]Provider) Option { return nil }

// Names returns the providers to name in an error: none.
func (*Discover) Names() []string { return nil }

// Addrs always fails. Its argument may contain credentials and is not part of the error.
func (*Discover) Addrs(string, *log.Logger) ([]string, error) {
	return nil, fmt.Errorf("discovery of servers in clouds is not part of this build of Consul; give addresses or names")
}
