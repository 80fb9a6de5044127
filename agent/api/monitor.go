package api

import "strings"

// Monitor is the metrics command (at most 5 s, prints one JSON object), and what is in its object.
type Monitor struct {
	Enable bool   `json:"enable"`
	Cmd    string `json:"cmd"`
	// Items are what the object may have; other keys of it are not served as metrics. At most MonitorItems.
	Items []MonitorItem `json:"items,omitempty"`
}

// MonitorItems is how many items a monitor may have.
const MonitorItems = 50

// MonitorItem is one key of the object that a monitor command prints.
type MonitorItem struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"` // as the package writes it: "ms", "bytes", "%"
	// Text items ("value_type": "str") are shown by their value; all others are numbers.
	Text bool `json:"text,omitempty"`
	// Counter items ("statistics_type": "delta" or "rate") only grow while the application runs: what is of interest is by how
	// much, or how fast.
	Counter bool `json:"counter,omitempty"`
	// Scale is by what a value is multiplied to be in Unit; 0 is 1.
	Scale float64 `json:"scale,omitempty"`
}

// Metric is the name under which agents serve the item: drover_app_ and the item's name, in lower case, with an underscore
// for everything else, and _total behind a counter.
func (i MonitorItem) Metric() string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, i.Name)
	name = "drover_app_" + strings.Trim(name, "_")
	if i.Counter && !i.Text && !strings.HasSuffix(name, "_total") {
		name += "_total"
	}
	return name
}
