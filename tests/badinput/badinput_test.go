package badinput

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// refusal is one wrong input.
type refusal struct {
	name string
	ask  func(t *testing.T) error
	kind fault.Type // "": the error is no fault, see what the area makes of it
	// tells are the parts of the message that say where and what.
	tells []string
}

// patience is far beyond what any refusal needs, also on a loaded machine: it is there to find those that never come.
const patience = time.Minute

// least is how many cases there are at least.
const least = 200

var areas = map[string]func(t *testing.T) []refusal{
	"packages": packageCases, "values": valueCases, "archives": archiveCases, "workflows": workflowCases,
	"command lines": commandCases, "agent API": agentCases, "metadata": metadataCases, "resources": resourceCases,
	"Consul": consulCases,
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	total := 0
	for area, cases := range areas {
		all := cases(t)
		total += len(all)
		names := map[string]bool{}
		for _, c := range all {
			require.False(t, names[c.name], "%s: %q is there twice", area, c.name)
			names[c.name] = true
			require.NotEmpty(t, c.tells)
		}
		t.Logf("%s: %d", area, len(all))
		t.Run(area, func(t *testing.T) {
			for _, c := range all {
				t.Run(c.name, func(t *testing.T) { refused(t, c) })
			}
		})
	}
	t.Logf("%d bad inputs", total)
	require.GreaterOrEqual(t, total, least)
}

func refused(t *testing.T, c refusal) {
	late := time.AfterFunc(patience, func() { panic(t.Name() + ": no answer within " + patience.String()) })
	err := c.ask(t)
	late.Stop()
	require.Error(t, err)
	if c.kind != "" {
		require.True(t, fault.Is(err, c.kind), "want %s: %#v", c.kind, err)
	}
	for _, part := range c.tells {
		require.ErrorContains(t, err, part)
	}
}
