package pack

// Keys below drover/clusters/<id>/ that are not part of the tree.
const (
	// RevisionKey holds the published revision as a decimal number. Agents watch it.
	RevisionKey = "revision"
	// WriterKey names its writer.
	WriterKey = "revisions/writer"
	// FullKey holds the packed tree (Full), RecentKey the last changes (Recent). Each may be absent.
	FullKey   = "revisions/full"
	RecentKey = "revisions/recent"
	// FluxKey exists while a writer is half-way through a change of the documented keys.
	FluxKey = "revisions/flux"
	// OperationKey names the operation that runs on the cluster, and between operations the state of a cluster that is not
	// active. It does not exist otherwise. Agents make no health checks while it exists, so that they do not restart a
	// service that an operation stopped.
	OperationKey = "operation"
	// Maintenance is the value of OperationKey for an active cluster in maintenance, between operations: agents check, and take no
	// action.
	Maintenance = "maintenance"
)
