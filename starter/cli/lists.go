package cli

import (
	"drover/workflows/api"
)

// List is what a command prints with -o json that lists something: the things are in items, which is never null, and what is
// known of all of them stands beside it.
type List[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

func listOf[T any](items []T) List[T] { return List[T]{Items: append([]T{}, items...)} }

// clusterList is what `drover list -o json` prints.
type clusterList struct {
	List[api.ClusterView]
	// Matching counts the clusters that pass the filters, Total all of the installation; items may be only the first of them.
	Matching int `json:"matching"`
	Total    int `json:"total"`
}

// logList is what `drover logs -o json` prints: api.Logs, read to its end.
type logList struct {
	List[api.CommandLog]
	ClusterID string           `json:"cluster_id"`
	Operation int              `json:"operation"` // 0: no node knows a command of the cluster
	Running   bool             `json:"running"`
	Silent    []api.SilentNode `json:"silent,omitempty"`
}

func logsValue(l *api.Logs) logList {
	return logList{List: listOf(l.Commands), ClusterID: l.ClusterID, Operation: l.Operation, Running: l.Running, Silent: l.Silent}
}
