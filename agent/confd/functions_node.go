package confd

import (
	"cmp"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// lookupTimeout bounds one name lookup, so that a dead name server cannot hold a revision for minutes.
const lookupTimeout = 10 * time.Second

// getenv: a default also stands in for a variable that is set but empty.
func getenv(name string, otherwise ...string) string {
	value := os.Getenv(name)
	if value == "" && len(otherwise) > 0 {
		return otherwise[0]
	}
	return value
}

func hostname() (string, error) { return os.Hostname() }

func (s *scope) fileExists(path string) bool {
	if s.root != "" {
		path = filepath.Join(s.root, path)
	}
	_, err := os.Stat(path)
	return err == nil
}

// lookupIP is sorted as text; a name that cannot be resolved has no addresses.
func lookupIP(name string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	found, _ := net.DefaultResolver.LookupIP(ctx, "ip", name)
	addresses := make([]string, len(found))
	for i, ip := range found {
		addresses[i] = ip.String()
	}
	slices.Sort(addresses)
	return addresses
}

// lookupSRV is sorted by target, port, priority and weight; what cannot be resolved is empty.
func lookupSRV(service, proto, name string) []*net.SRV {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	_, records, err := net.DefaultResolver.LookupSRV(ctx, service, proto, name)
	if err != nil {
		return []*net.SRV{}
	}
	slices.SortFunc(records, func(a, b *net.SRV) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Port, b.Port),
			cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Weight, b.Weight))
	})
	return records
}
