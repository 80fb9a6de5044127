package daemon

import (
	"encoding/json"
	"os"

	"drover/agent/api"
	"drover/durable"
)

// saved is what survives a restart of the agent: what Status shows until the first pass of this run.
type saved struct {
	ClusterID string        `json:"cluster_id"`
	Revision  int64         `json:"revision"`
	Changed   int           `json:"changed"`
	Warnings  []api.Warning `json:"warnings,omitempty"`
}

// loadState reads what an earlier run left; anything unreadable, or about another cluster, counts as nothing.
func loadState(path, clusterID string) saved {
	var s saved
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &s) != nil || s.ClusterID != clusterID {
		return saved{ClusterID: clusterID}
	}
	return s
}

func saveState(path string, s saved) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return durable.Replace(path, data, 0o600)
}
