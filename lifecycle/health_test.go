package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "drover/lifecycle"
)

func TestHealthOf(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		Heard
		health, reason string
	}{
		"never heard":          {Heard{}, HealthUnknown, ""},
		"healthy":              {Heard{Reported: true, Health: Healthy, Silent: GoneAfter - 1}, Healthy, ""},
		"silent":               {Heard{Reported: true, Health: Healthy, Silent: GoneAfter}, Gone, "the agent is silent: the machine is off, cut off from Consul, or its agent does not run"},
		"unhealthy":            {Heard{Reported: true, Health: Unhealthy, Reason: "exit status 1"}, Unhealthy, "exit status 1"},
		"healthy has no why":   {Heard{Reported: true, Health: Healthy, Reason: "x"}, Healthy, ""},
		"a word of its own":    {Heard{Reported: true, Health: "great"}, HealthUnknown, ""},
		"cannot report off":    {Heard{Reported: true, Health: Off}, HealthUnknown, ""},
		"no agent":             {Heard{NoAgent: true, Silent: time.Hour}, Unchecked, ""},
		"off":                  {Heard{Reported: true, Off: true, Silent: time.Hour, Health: Healthy}, Off, ""},
		"no check":             {Heard{Reported: true, Health: Unchecked}, Unchecked, ""},
		"no check, and silent": {Heard{Reported: true, Health: Unchecked, Silent: time.Minute}, Gone, "the agent is silent: the machine is off, cut off from Consul, or its agent does not run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			health, reason := HealthOf(tc.Heard)
			require.Equal(t, tc.health, health)
			require.Equal(t, tc.reason, reason)
			require.Equal(t, health == Unhealthy || health == Gone, Bad(health))
		})
	}
}
