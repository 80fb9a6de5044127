package providers

import (
	"fmt"
	"maps"
	"slices"

	"drover/fault"
)

// Set are the providers that a worker serves, by name.
type Set map[string]Provider

// Find gives a provider by name; an Invalid fault that lists the known ones when there is none.
func (s Set) Find(name string) (Provider, error) {
	if p, ok := s[name]; ok {
		return p, nil
	}
	return nil, fault.New(fault.Invalid, "provider %q is not served by this worker", name).
		WithHint("known providers: %s", fmt.Sprint(s.Names()))
}

// Names are the providers' names, sorted.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s)) }
