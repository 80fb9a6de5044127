package lifecycle

import (
	"slices"
	"strconv"
	"strings"
)

// SIDs writes nodes as ascending ranges of their sids: "1-3,7".
func SIDs(nodes []NodeRef) string {
	ids := make([]int, 0, len(nodes))
	for _, n := range nodes {
		ids = append(ids, n.SID)
	}
	slices.Sort(ids)
	var out []string
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		if i == j {
			out = append(out, strconv.Itoa(ids[i]))
		} else {
			out = append(out, strconv.Itoa(ids[i])+"-"+strconv.Itoa(ids[j]))
		}
		i = j + 1
	}
	return strings.Join(out, ",")
}
