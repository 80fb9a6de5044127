package store

import (
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/hashicorp/consul/api"

	"drover/fault"
)

// DefaultPrefix is the first part of all keys.
const DefaultPrefix = "drover"

// Store is Drover's part of a Consul KV. It is safe for concurrent use.
type Store struct {
	client *api.Client
	prefix string
	// afterTransaction lets tests fail a publish between two transactions.
	afterTransaction func(n int) error
	// complete is set once every control record is known to be indexed. indexing has one place, for the goroutine that indexes them.
	complete atomic.Bool
	indexing chan struct{}
}

// New returns a store; an empty prefix means DefaultPrefix.
func New(client *api.Client, prefix string) *Store {
	if prefix = strings.Trim(prefix, "/"); prefix == "" {
		prefix = DefaultPrefix
	}
	return &Store{client: client, prefix: prefix, indexing: make(chan struct{}, 1)}
}

func (s *Store) clusterRoot(id string) string { return s.prefix + "/clusters/" + id + "/" }
func (s *Store) recordKey(id string) string   { return s.prefix + "/state/" + id }
func (s *Store) viewKey(id string) string     { return s.prefix + "/views/" + id }

// checkName refuses a name that cannot be one component of a key.
func checkName(kind, name string) error {
	if name == "" || strings.Contains(name, "/") || strings.ContainsFunc(name, unicode.IsControl) {
		return fault.New(fault.Invalid, "%s %q cannot be used: it must not be empty or contain slashes or control characters",
			kind, name)
	}
	return nil
}
