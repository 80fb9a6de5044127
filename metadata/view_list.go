package metadata

import (
	"cmp"
	"strings"
)

// ViewOrder compares views for a list: by "name", "app", "state", "nodes" (most first) or "age" (oldest first), and where that says
// nothing, or for any other name, by id.
func ViewOrder(name string) func(x, y View) int {
	by := map[string]func(x, y View) int{
		"name": func(x, y View) int { return strings.Compare(x.Name, y.Name) },
		"app": func(x, y View) int {
			return cmp.Or(strings.Compare(x.App, y.App), strings.Compare(x.Version, y.Version))
		},
		"state": func(x, y View) int { return strings.Compare(x.State, y.State) },
		"nodes": func(x, y View) int { return y.NodeCount - x.NodeCount },
		"age":   func(x, y View) int { return strings.Compare(x.CreatedAt, y.CreatedAt) },
	}[name]
	return func(x, y View) int {
		n := 0
		if by != nil {
			n = by(x, y)
		}
		return cmp.Or(n, strings.Compare(x.ClusterID, y.ClusterID))
	}
}

// HasLabels reports whether the labels match all filters: "key=value", or "key" for any value.
func (v View) HasLabels(filters []string) bool {
	for _, filter := range filters {
		key, want, exact := strings.Cut(filter, "=")
		if value, ok := v.Labels[key]; !ok || exact && value != want {
			return false
		}
	}
	return true
}
