package specs_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/specs"
)

func TestMeasures(t *testing.T) {
	t.Parallel()
	m := specs.Monitor{
		Items: json.RawMessage(`{
			"role": {"unit": "", "value_type": "str", "statistics_type": "latest", "enums": ["leader", "follower"]},
			"hits": {"unit": "times", "value_type": "int", "statistics_type": "delta", "scale_factor_when_display": 1},
			"used": {"unit": "%", "value_type": "int", "statistics_type": "avg", "scale_factor_when_display": 0.01},
			"used.": {"unit": "%"}, "odd": 7}`),
		Groups: json.RawMessage(`{"load": ["hits", "used"]}`), Display: json.RawMessage(`["role", "load"]`), Alarm: json.RawMessage(`["used"]`),
	}
	got := m.Measures()
	require.Equal(t, []agentapi.MonitorItem{
		{Name: "role", Text: true}, {Name: "hits", Unit: "times", Counter: true}, {Name: "used", Unit: "%", Scale: 0.01}, {Name: "odd"},
	}, got.Items, "in the package's order; used. would have the metric of used")
	require.Equal(t, []string{"leader", "follower"}, got.Enums["role"])
	require.Equal(t, "avg", got.Statistics["used"])
	require.Equal(t, map[string][]string{"load": {"hits", "used"}}, got.Groups)
	require.Equal(t, []string{"role", "load"}, got.Display)
	require.Equal(t, []string{"used"}, got.Alarm)
}

func TestMeasuresAreBounded(t *testing.T) {
	t.Parallel()
	items := map[string]any{}
	for i := range 80 {
		items[fmt.Sprint("item", i)] = map[string]any{"unit": "count"}
	}
	raw, err := json.Marshal(items)
	require.NoError(t, err)
	require.Len(t, (&specs.Monitor{Items: raw}).Measures().Items, agentapi.MonitorItems)
	require.Empty(t, (&specs.Monitor{Items: json.RawMessage("[")}).Measures().Items)
	require.Empty(t, (*specs.Monitor)(nil).Measures().Items)
}
