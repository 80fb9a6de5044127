package metadata

import (
	"maps"
	"slices"

	"drover/fault"
)

// MaxValue is the largest value of one key in bytes: in base64 and with its conditions it fits one transaction of Consul,
// which is limited to 512 KiB.
const MaxValue = (480<<10)/4*3 - 8<<10

// CheckSizes returns an Invalid fault that lists every value that is too large to be published.
func (t Tree) CheckSizes(clusterID string) error {
	var problems []string
	for _, key := range slices.Sorted(maps.Keys(t)) {
		if n := len(t[key]); n > MaxValue {
			problems = append(problems, tooLarge(key, n))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "metadata of cluster %s cannot be published: %s", clusterID, problems[0]).At(clusterID, "", "")
	f.Problems = problems
	return f
}
