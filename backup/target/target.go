package target

import (
	"context"
	"path"
	"strings"

	"drover/fault"
)

// Target keeps objects. Faults: NotFound where there is no such object, Unreachable where the target does not answer,
// Unauthorized where it refuses the credentials, NoCapacity where it is full.
type Target interface {
	// Put writes an object: the whole of it or nothing.
	Put(ctx context.Context, name string, data []byte) error
	Get(ctx context.Context, name string) ([]byte, error)
	// Has reports whether there is an object, of whatever content.
	Has(ctx context.Context, name string) (bool, error)
	// List gives the names of all objects that begin with prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an object; one that is missing is removed already.
	Delete(ctx context.Context, name string) error
}

// DeleteAll removes every object whose name begins with prefix.
func DeleteAll(ctx context.Context, t Target, prefix string) error {
	names, err := t.List(ctx, prefix)
	for _, name := range names {
		if err == nil {
			err = t.Delete(ctx, name)
		}
	}
	return err
}

// valid refuses a name that could lead outside of the target.
func valid(name string) error {
	if name == "" || path.Clean(name) != name || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") || strings.Contains(name, "\x00") {
		return fault.New(fault.Internal, "%q is not a name of an object of a backup", name)
	}
	return nil
}
