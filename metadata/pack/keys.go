package pack

// Keys below drover/clusters/<id>/ that are not part of the tree.
const (
	// RevisionKey holds the published revision as a decimal number. Agents wait on it.
	RevisionKey = "revision"
	// WriterKey says who published it.
	WriterKey = "revisions/writer"
	// FullKey holds the packed tree (Full), RecentKey the last changes (Recent). Either may be absent.
	FullKey   = "revisions/full"
	RecentKey = "revisions/recent"
	// FluxKey exists while a writer is half-way through a change of the documented keys.
	FluxKey = "revisions/flux"
	// OperationKey names the operation that runs on the cluster, and between operations the state of one that is not active.
	// It does not exist otherwise. Agents make no health checks while it does: a service that an operation stopped, and left
	// stopped, is not to be started again behind its back.
	OperationKey = "operation"
)
