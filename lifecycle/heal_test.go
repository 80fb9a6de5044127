package lifecycle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "drover/lifecycle"
)

func TestHeal(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	// patient has n nodes, the first ones as given.
	patient := func(policy string, n int, bad ...PatientNode) Patient {
		p := Patient{ClusterID: "cl-a", State: Active, Policy: policy, Nodes: bad}
		for i := range p.Nodes {
			p.Nodes[i].ID, p.Nodes[i].Label = fmt.Sprint("n", i), fmt.Sprint("kv/", i)
		}
		for i := len(bad); i < n; i++ {
			p.Nodes = append(p.Nodes, PatientNode{ID: fmt.Sprint("n", i), Health: Healthy, Since: ago(time.Hour)})
		}
		return p
	}
	sick := func(d time.Duration, tries ...Try) PatientNode {
		return PatientNode{Health: Unhealthy, Since: ago(d), Settles: 40 * time.Second, Tries: tries}
	}
	gone := func(d time.Duration, tries ...Try) PatientNode {
		return PatientNode{Health: Gone, Since: ago(d), Tries: tries}
	}
	but := func(p Patient, change func(*Patient)) Patient { change(&p); return p }
	for name, tc := range map[string]struct {
		all      []Patient
		acts     string
		brake    string
		helpless bool
	}{
		"all is well":                       {all: []Patient{patient(HealReplace, 3)}},
		"the package's action comes first":  {all: []Patient{patient(HealReplace, 3, sick(59*time.Second))}},
		"then the services":                 {all: []Patient{patient(HealReplace, 3, sick(time.Minute))}, acts: "restart [n0] kv/0 is unhealthy for 1m0s"},
		"then the machine":                  {all: []Patient{patient(HealReplace, 3, sick(3*time.Minute, Try{HealRestart, ago(time.Minute)}))}, acts: "repair [n0] kv/0 is unhealthy for 3m0s"},
		"not before the restart could help": {all: []Patient{patient(HealReplace, 3, sick(3*time.Minute, Try{HealRestart, ago(59 * time.Second)}))}},
		"then another machine": {all: []Patient{patient(HealReplace, 3, sick(3*time.Minute, Try{HealRestart, ago(2 * time.Minute)}, Try{HealRepair, ago(time.Minute)}))},
			acts: "replace [n0] kv/0 is unhealthy for 3m0s"},
		"then people":                       {all: []Patient{patient(HealReplace, 3, sick(3*time.Minute, Try{HealReplace, ago(time.Minute)}))}, helpless: true},
		"as far as the policy says":         {all: []Patient{patient(HealRestart, 3, sick(3*time.Minute, Try{HealRestart, ago(time.Minute)}))}, helpless: true},
		"nothing without a policy":          {all: []Patient{patient("", 3, sick(time.Hour))}},
		"the package's action alone":        {all: []Patient{patient(HealAction, 3, sick(time.Hour), gone(2*time.Hour))}},
		"a silent node cannot be restarted": {all: []Patient{patient(HealReplace, 3, gone(20*time.Second))}, acts: "repair [n0] kv/0 is gone for 20s"},
		"it may come back":                  {all: []Patient{patient(HealReplace, 3, gone(19*time.Second))}},
		"a silent node needs repair":        {all: []Patient{patient(HealRestart, 3, gone(time.Hour))}, helpless: true},
		"it fails again after a while": {all: []Patient{patient(HealReplace, 3, sick(time.Minute, Try{HealRestart, ago(5 * time.Minute)}))},
			acts: "repair [n0] kv/0 is unhealthy for 1m0s"},
		"an operation has just ended": {all: []Patient{but(patient(HealReplace, 3, sick(time.Hour)), func(p *Patient) { p.Free = ago(59 * time.Second) })}},
		"an operation ended before":   {all: []Patient{but(patient(HealReplace, 3, sick(time.Hour)), func(p *Patient) { p.Free = ago(time.Minute) })}, acts: "restart [n0] kv/0 is unhealthy for 1h0m0s"},
		"an operation runs":           {all: []Patient{but(patient(HealReplace, 3, gone(time.Hour)), func(p *Patient) { p.Busy = true })}},
		"maintenance":                 {all: []Patient{but(patient(HealReplace, 3, gone(time.Hour)), func(p *Patient) { p.Resting = true })}},
		"it is stopped":               {all: []Patient{but(patient(HealReplace, 3, gone(time.Hour)), func(p *Patient) { p.State = Stopped })}},
		"half at once":                {all: []Patient{patient(HealReplace, 4, gone(time.Minute), gone(2*time.Minute))}, brake: "2 of 4 nodes became bad within 10 minutes"},
		"a tenth at once":             {all: []Patient{patient(HealReplace, 20, gone(time.Minute), gone(2*time.Minute))}, acts: "repair [n0 n1] kv/0 is gone for 1m0s"},
		"a fifth at once":             {all: []Patient{patient(HealReplace, 10, gone(time.Minute), gone(2*time.Minute))}, acts: "repair [n0 n1] kv/0 is gone for 1m0s"},
		"they stay bad: the brake stays": {all: []Patient{patient(HealReplace, 4, gone(25*time.Hour), gone(25*time.Hour-9*time.Minute))},
			brake: "2 of 4 nodes became bad within 10 minutes"},
		"one after the other": {all: []Patient{patient(HealReplace, 4, gone(time.Hour), gone(2*time.Hour))}, acts: "repair [n0 n1] kv/0 is gone for 1h0m0s"},
		"everywhere at once": {all: []Patient{
			patient(HealReplace, 3, gone(time.Minute)),
			but(patient(HealReplace, 3, gone(time.Minute)), func(p *Patient) { p.ClusterID = "cl-b" }),
		}, brake: "2 of 6 nodes of all clusters became bad within 10 minutes"},
		"nodes without agents are not counted": {all: []Patient{but(patient(HealReplace, 10, gone(time.Minute), gone(time.Minute)), func(p *Patient) {
			for i := 2; i < 6; i++ {
				p.Nodes[i].NoAgent = true
			}
		})}, brake: "2 of 6 nodes became bad within 10 minutes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Heal(tc.all, now)
			acts := ""
			for _, a := range got.Acts {
				acts += fmt.Sprintf("%s %v %s", a.Level, a.Nodes, a.Why)
			}
			require.Equal(t, tc.acts, acts)
			require.Equal(t, tc.brake, got.Brakes["cl-a"])
			require.Equal(t, tc.helpless, got.Helpless["n0"])
		})
	}
}

func TestTriesCountUntilANodeIsWellForLong(t *testing.T) {
	t.Parallel()
	now, tries := time.Unix(10_000, 0), []Try{{Level: HealRestart}}
	require.Equal(t, tries, TriesOf(tries, Unhealthy, now.Add(-time.Hour), now))
	require.Equal(t, tries, TriesOf(tries, Healthy, now.Add(-9*time.Minute), now))
	require.Nil(t, TriesOf(tries, Healthy, now.Add(-10*time.Minute), now))
}
