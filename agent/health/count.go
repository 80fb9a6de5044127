package health

import "drover/agent/api"

// States, as in api.Status.
const (
	Healthy   = "healthy"
	Unhealthy = "unhealthy"
	Unknown   = "unknown" // enabled, and no threshold was reached yet
	Disabled  = "disabled"
)

// Defaults of the package format, for settings that are 0.
const (
	defaultInterval      = 60
	defaultTimeout       = 10
	defaultActionTimeout = 30
	defaultThreshold     = 3
)

func withDefaults(c api.HealthCheck) api.HealthCheck {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&c.IntervalSec, defaultInterval)
	set(&c.TimeoutSec, defaultTimeout)
	set(&c.ActionTimeoutSec, defaultActionTimeout)
	set(&c.HealthyThreshold, defaultThreshold)
	set(&c.UnhealthyThreshold, defaultThreshold)
	return c
}

// counter turns single checks into a state.
type counter struct {
	state     string
	good, bad int // in a row
}

// add counts one check and says whether the node became unhealthy by it.
func (c *counter) add(ok bool, s api.HealthCheck) (fell bool) {
	if ok {
		c.good, c.bad = c.good+1, 0
		if c.good >= s.HealthyThreshold {
			c.state = Healthy
		}
		return false
	}
	c.good, c.bad = 0, c.bad+1
	if c.bad >= s.UnhealthyThreshold && c.state != Unhealthy {
		c.state = Unhealthy
		return true
	}
	return false
}
