package metadata

import "drover/metadata/pack"

// Reported is what an agent reported of its node. Index is the store's; it grows with every report.
type Reported struct {
	ClusterID, NodeID string
	Index             uint64
	pack.Beat
}
