package metadata

import (
	"path"
	"slices"
	"strings"
)

// folders are all keys directly below a view, with those below them where the names are Drover's own; nil: a package, a
// user or a link names them.
var folders = map[string][]string{
	"adding-hosts": nil, "clusters": nil, "deleting-hosts": nil, "env": nil, "host": nil, "hosts": nil, "links": nil,
	"vertical-scaling-roles": {}, "upgrade-audit": {"from_app_version"},
	"cluster": {
		"api_server", "app_id", "app_version", "cluster_id", "endpoints", "global_uuid", "user_id", "vxnet", "zone",
	},
}

// Known reports whether some cluster may have keys at or below a path, as templates and resource files write it: with or
// without /self, with * for any name. It judges the parts that Drover names, the first two at most.
func Known(key string) bool {
	parts := strings.Split(strings.Trim(key, "/"), "/")
	if parts[0] == "self" {
		parts = parts[1:]
	}
	if len(parts) == 0 || parts[0] == "" {
		return true
	}
	for folder, below := range folders {
		if !matches(parts[0], folder) {
			continue
		}
		if len(parts) == 1 || below == nil || slices.ContainsFunc(below, func(name string) bool { return matches(parts[1], name) }) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok || err != nil
}
