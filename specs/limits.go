package specs

import (
	"context"
	"fmt"
)

// Limits of a package's content. Packages come from people the worker does not know: whatever one holds, checking and
// rendering it takes a few seconds and some tens of megabytes, and ends with an error that names the limit. Real packages
// stay far below each of them. The limits of archives are in archive.go.
const (
	maxFile     = 1 << 20 // bytes of config.json, the template and each locale file
	maxFiles    = 4 << 20 // bytes of them together
	maxLocales  = 100     // files
	maxValues   = 100_000 // values in one JSON text, lists and objects included
	maxItems    = 5_000   // items of config.json
	maxPath     = 512     // bytes of an item's path and of a placeholder
	maxSections = 50      // sections within sections
	maxSteps    = 300_000 // tags executed by one rendering; a section over a list executes its tags once per element
	maxRendered = 1 << 20 // bytes of the rendered cluster.json
	maxRoles    = 50      // entries of nodes[]
	maxCluster  = 1 << 20 // bytes of the cluster as JSON: the control record and the workflow hold it
	maxReserved = 16      // reserved_ips: each is published once per node
	maxProblems = 200     // errors, and warnings, that one kind of check reports
)

// MaxNodes is the largest cluster: the control record holds every node and must fit into one value of Consul.
const MaxNodes = 1250

// add appends d while there is room for its severity, and says once that there is none.
func (ds *Diagnostics) add(d Diagnostic) {
	n := ds.count(d.Severity)
	if n == maxProblems {
		d.Path, d.Message = "", fmt.Sprintf("more than %d %ss; the rest is not shown", maxProblems, d.Severity)
	}
	if n <= maxProblems {
		*ds = append(*ds, d)
	}
}

// full says whether add drops what follows.
func (ds Diagnostics) full(s Severity) bool { return ds.count(s) > maxProblems }

func (ds Diagnostics) count(s Severity) (n int) {
	for _, d := range ds {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// interrupted is the error of a check whose caller is gone.
func interrupted(ctx context.Context) Diagnostic {
	return Diagnostic{Severity: SeverityError, Message: fmt.Sprintf("interrupted: %v", context.Cause(ctx))}
}

// brief shortens a text that a message repeats.
func brief(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	end := most
	for end > 0 && text[end]&0xC0 == 0x80 { // not within a character
		end--
	}
	return text[:end] + "..."
}
