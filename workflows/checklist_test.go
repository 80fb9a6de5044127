package workflows

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

func TestChecklistShowsTheStepsAroundTheCurrentOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		steps, at   int
		first, last int
		lines       int
	}{
		{steps: 0, at: 0, lines: 0},
		{steps: 3, at: 2, first: 0, last: 2, lines: 3},
		{steps: 40, at: 39, first: 0, last: 39, lines: 40},
		{steps: 41, at: 0, first: 0, last: 39, lines: 41},
		{steps: 5000, at: 5, first: 0, last: 39, lines: 41},
		{steps: 5000, at: 2000, first: 1990, last: 2029, lines: 42},
		{steps: 5000, at: 4999, first: 4960, last: 4999, lines: 41},
	} {
		t.Run(fmt.Sprintf("%d of %d", test.at, test.steps), func(t *testing.T) {
			t.Parallel()
			p := progress{at: test.at}
			for i := range test.steps {
				p.Steps = append(p.Steps, api.Step{ID: fmt.Sprint(i), Words: "step", State: api.StepPending})
			}
			text := p.checklist()
			require.Equal(t, test.lines, strings.Count(text, "\n- ")) // one begins each line
			if test.steps == 0 {
				return
			}
			require.Contains(t, text, fmt.Sprintf("- [ ] %d step\n", test.at))
			require.Contains(t, text, fmt.Sprintf("- [ ] %d step\n", test.first))
			require.Contains(t, text, fmt.Sprintf("- [ ] %d step\n", test.last))
			require.NotContains(t, text, fmt.Sprintf("- [ ] %d step\n", test.first-1))
			require.NotContains(t, text, fmt.Sprintf("- [ ] %d step\n", test.last+1))
			require.Equal(t, test.first > 0, strings.Contains(text, fmt.Sprintf("- %d steps before\n", test.first)))
			after := test.steps - test.last - 1
			require.Equal(t, after > 0, strings.Contains(text, fmt.Sprintf("- %d steps after\n", after)))
		})
	}
}
