package lifecycle

import "slices"

// Claims are what the store indexes of a record: the name and the gsids, which no other cluster may have, and the clusters
// that it links to, which ask who links to them. Operations look these up by key and read no other cluster's record. A claim on
// a package requires that it is published.
type Claims struct {
	Name     string
	GSIDs    []int     // sorted
	Links    []string  // ids of clusters, sorted
	Packages []Package // what runs, and what an upgrade leads to
}

// Package is the content of a version of an application, by its SHA-256.
type Package struct{ AppID, VersionID, Digest string }

// Claims returns the claims of the record.
func (r *Record) Claims() Claims {
	c := Claims{Name: r.Name}
	for _, n := range r.Nodes {
		if n.GSID != 0 {
			c.GSIDs = append(c.GSIDs, n.GSID)
		}
	}
	for _, links := range r.links() {
		for _, id := range links {
			if id != "" {
				c.Links = append(c.Links, id)
			}
		}
	}
	if r.Package != "" {
		c.Packages = append(c.Packages, Package{r.AppID, r.VersionID, r.Package})
	}
	if r.Target != nil && r.Target.Package != "" {
		c.Packages = append(c.Packages, Package{r.AppID, r.Target.VersionID, r.Target.Package})
	}
	slices.Sort(c.GSIDs)
	slices.Sort(c.Links)
	c.GSIDs, c.Links = slices.Compact(c.GSIDs), slices.Compact(c.Links)
	return c
}

// Equal reports whether two records have the same claims.
func (c Claims) Equal(other Claims) bool {
	return c.Name == other.Name && slices.Equal(c.GSIDs, other.GSIDs) && slices.Equal(c.Links, other.Links) &&
		slices.Equal(c.Packages, other.Packages)
}

// Without returns what c has and other has not; the name is empty when both have it.
func (c Claims) Without(other Claims) Claims {
	out := Claims{GSIDs: lacking(c.GSIDs, other.GSIDs), Links: lacking(c.Links, other.Links)}
	if c.Name != other.Name {
		out.Name = c.Name
	}
	for _, p := range c.Packages {
		if !slices.Contains(other.Packages, p) {
			out.Packages = append(out.Packages, p)
		}
	}
	return out
}

func lacking[T int | string](all, without []T) []T {
	var out []T
	for _, v := range all {
		if _, found := slices.BinarySearch(without, v); !found {
			out = append(out, v)
		}
	}
	return out
}
