package metadata

// Look is what is kept of a cluster for its nodes, as it is: somebody may have changed it by hand.
type Look struct {
	// Root is where its keys begin.
	Root      string
	Revision  int64
	Keys      Tree
	Operation string // the mark of the operation that runs, or of a state that is not active
	HalfWay   bool   // a publish broke off
}
