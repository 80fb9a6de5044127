package preview

import "drover/metadata"

// Known reports whether a node of some cluster may have keys at or below a path, as a template writes it.
func Known(key string) bool { return metadata.Known(key) }
