package metrics

import (
	"slices"

	agentapi "drover/agent/api"
	"drover/specs"
)

// measures are those of one monitor: roles often share one.
type measures struct{ specs.Measures }

// measuresOf are the monitors of the roles that have one.
func measuresOf(roles []specs.Role) []measures {
	var out []measures
	for _, r := range roles {
		if r.Monitor != nil && r.Monitor.Enable {
			out = append(out, measures{r.Monitor.Measures()})
		}
	}
	return out
}

// shown are the names to display: as the package says, else every item.
func (m measures) shown() []string {
	if len(m.Display) > 0 {
		return m.Display
	}
	var all []string
	for _, item := range m.Items {
		all = append(all, item.Name)
	}
	return all
}

// itemsOf are the items of a group, or the item of that name.
func (m measures) itemsOf(name string) []agentapi.MonitorItem {
	names, ok := m.Groups[name]
	if !ok {
		names = []string{name}
	}
	var out []agentapi.MonitorItem
	for _, item := range m.Items {
		if slices.Contains(names, item.Name) {
			out = append(out, item)
		}
	}
	return out
}
