package health

import (
	"time"

	"drover/agent/api"
)

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

// longPause is the longest time between two actions on a node that stays unhealthy.
const longPause = time.Hour

// counter turns single checks into a state, and says when to act on it.
type counter struct {
	state     string
	good, bad int // in a row
	pause     time.Duration
	next      time.Time // before it no action runs
}

// add counts one check and says whether to act: when the node becomes unhealthy, and again while it stays so.
func (c *counter) add(ok bool, now time.Time, s api.HealthCheck) (act bool) {
	if ok {
		c.good, c.bad = c.good+1, 0
		if c.good >= s.HealthyThreshold {
			c.state = Healthy
		}
		return false
	}
	c.good, c.bad = 0, c.bad+1
	if c.bad < s.UnhealthyThreshold {
		return false
	}
	if c.state != Unhealthy {
		c.state, c.pause, c.next = Unhealthy, 0, now
	}
	return !now.Before(c.next)
}

// acted spaces the next action: by the time in which the application can be seen unhealthy again, and twice as much each time.
func (c *counter) acted(now time.Time, s api.HealthCheck) {
	first := time.Duration(s.UnhealthyThreshold*s.IntervalSec) * time.Second
	c.pause = max(first, min(2*c.pause, longPause))
	c.next = now.Add(c.pause)
}

// rest forgets the checks in a row: what they were of is not what is checked after an operation.
func (c *counter) rest() { c.good, c.bad = 0, 0 }
