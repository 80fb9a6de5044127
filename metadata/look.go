package metadata

// Look is the stored metadata of a cluster as found, including manual changes.
type Look struct {
	// Root is the prefix of its keys.
	Root      string
	Revision  int64
	Keys      Tree
	Operation string // the mark of the running operation, or of a state that is not active
	HalfWay   bool   // a publish was interrupted
}
