package main

import (
	"fmt"
	"strings"

	"drover/metrics"
)

// measured are the lists of metrics by the name of their part.
var measured = map[string][]metrics.Metric{
	"worker metrics":       metrics.Worker,
	"installation metrics": metrics.Installation,
	"agent metrics":        metrics.Agent,
}

// table is a list of metrics for those who query them.
func table(list []metrics.Metric) string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, m := range list {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s. |\n", m.Name, m.Kind, labels, m.Help)
	}
	return b.String()
}
