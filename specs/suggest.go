package specs

import "drover/fault"

// suggestion is " (did you mean X?)" for a path that is nearly an item's, and "" otherwise.
func (c *Config) suggestion(path string) string {
	const longest, most = 64, 1000 // comparing is slow, and a long name is rarely a typing error
	if len(path) > longest || len(c.Items) > most {
		return ""
	}
	names := make([]string, 0, 2*len(c.Items))
	for _, it := range c.Items {
		names = append(names, it.Path, trimCluster(it.Path))
	}
	return fault.DidYouMean(path, names)
}

func trimCluster(path string) string {
	const prefix = "cluster."
	if len(path) > len(prefix) && path[:len(prefix)] == prefix {
		return path[len(prefix):]
	}
	return path
}
