package lifecycle

import "time"

// Health of a node, as its agent reports it, or as it is known without a report.
const (
	Healthy   = "healthy"
	Unhealthy = "unhealthy"
	// HealthUnknown: the agent has not decided yet, or has never reported.
	HealthUnknown = "unknown"
	// Unchecked: the package has no health check for the node, or the node has no agent.
	Unchecked = "disabled"
	// Gone: the agent is silent.
	Gone = "gone"
	// Off: the machines of the cluster are powered off.
	Off = "off"
)

// GoneAfter is how long an agent may be silent. Agents report every 10 s: one report may be lost.
const GoneAfter = 25 * time.Second

// Heard is what is known of a node at one moment.
type Heard struct {
	// NoAgent: the node's role has none. Off: the cluster's machines are powered off.
	NoAgent, Off bool
	// Reported: the agent has reported at least once. Silent is how long ago that was, by the clock of who listens.
	Reported bool
	Silent   time.Duration
	Health   string // as reported
	Reason   string
}

// HealthOf is the health of a node, and why it is not healthy.
func HealthOf(h Heard) (health, reason string) {
	switch {
	case h.NoAgent:
		return Unchecked, ""
	case h.Off:
		return Off, ""
	case !h.Reported:
		return HealthUnknown, ""
	case h.Silent >= GoneAfter:
		return Gone, "the agent is silent: the machine is off, cut off from Consul, or its agent does not run"
	}
	switch h.Health {
	case Healthy, Unchecked, HealthUnknown:
		return h.Health, ""
	case Unhealthy:
		return Unhealthy, h.Reason
	}
	return HealthUnknown, ""
}

// Bad reports a health that needs repair.
func Bad(health string) bool { return health == Unhealthy || health == Gone }
