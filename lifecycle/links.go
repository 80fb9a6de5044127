package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Linking is a cluster that links to another one, and the names of its links to it.
type Linking struct {
	ClusterID string   `json:"cluster_id"`
	Names     []string `json:"names"`
	Binned    bool     `json:"binned,omitempty"` // it is in the recycle bin
}

// LinkedBy are the clusters that link to a cluster, by id. A cluster that is being released no longer needs its links; one
// in the recycle bin needs them when it comes back.
func LinkedBy(clusterID string, all []*Record) []Linking {
	var out []Linking
	for _, r := range all {
		if r.State == Deleting || r.ClusterID == clusterID {
			continue
		}
		var names []string
		for _, links := range r.links() {
			for _, name := range slices.Sorted(maps.Keys(links)) {
				if links[name] == clusterID && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		if len(names) > 0 {
			out = append(out, Linking{r.ClusterID, names, r.State == Deleted})
		}
	}
	slices.SortFunc(out, func(a, b Linking) int { return strings.Compare(a.ClusterID, b.ClusterID) })
	return out
}

// links are those of the version that runs, and of the one that an upgrade leads to.
func (r *Record) links() []map[string]string {
	var out []map[string]string
	if r.Spec != nil {
		out = append(out, r.Spec.Links)
	}
	if r.Target != nil && r.Target.Spec != nil {
		out = append(out, r.Target.Spec.Links)
	}
	return out
}

// linksTold is how many linking clusters are named; a text has to end somewhere.
const linksTold = 20

// TellLinks names linking clusters: "cl-b (link kafka), cl-c (links a, b)".
func TellLinks(linked []Linking) string {
	var told []string
	for _, l := range linked[:min(len(linked), linksTold)] {
		word := "link"
		if len(l.Names) > 1 {
			word = "links"
		}
		where := ""
		if l.Binned {
			where = ", in the recycle bin"
		}
		told = append(told, fmt.Sprintf("%s (%s %s%s)", l.ClusterID, word, strings.Join(l.Names, ", "), where))
	}
	if more := len(linked) - linksTold; more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(told, ", ")
}

// refuseLinked is the refusal to delete a cluster that others link to: their nodes would lose what they read of it.
func refuseLinked(linked []Linking) *Refusal {
	if len(linked) == 0 {
		return nil
	}
	verb := "delete"
	if linked[0].Binned {
		verb = "cease"
	}
	return &Refusal{
		Why: "other clusters link to it: " + TellLinks(linked),
		Hint: fmt.Sprintf("delete them first (drover %s %s), or retry with force (--force): their nodes then have no data below /links",
			verb, linked[0].ClusterID),
	}
}

// LinkProblem says why no cluster can be created that links to this one, "" if one can; nil is a cluster that does not
// exist.
func LinkProblem(clusterID string, r *Record) string {
	switch {
	case r == nil:
		return fmt.Sprintf("cluster %s does not exist", clusterID)
	case r.State != Active:
		return fmt.Sprintf("cluster %s is %s, not active", clusterID, r.State)
	case r.Operation.Type == OpDeleteCluster && r.Operation.State == running:
		return fmt.Sprintf("cluster %s is being deleted", clusterID)
	}
	return ""
}
