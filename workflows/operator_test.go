package workflows_test

import (
	"encoding/json"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"drover/workflows/api"
)

// desk is where an operator sits while an operation rests: what he sees of it, and what he can do.
type desk struct {
	t   tb
	env *testsuite.TestWorkflowEnvironment
	api.Progress
	visit   int // how often he has sat down during this operation, from 1
	answers *answers
}

// answers are what the operation said to its operator.
type answers struct {
	resolved []api.Resolved
	refused  []error
	seen     []api.Held
}

// days is how long an operator is away: nothing of an operation may expire meanwhile.
const days = 5 * 24 * time.Hour

// attend lets the world's operator look at an operation again and again, each time days later.
func (w *world) attend(env *testsuite.TestWorkflowEnvironment) {
	if w.operator == nil {
		return
	}
	if w.running == nil { // who looked earlier has the answers
		w.answers = &answers{}
	}
	visit := 0
	var look func()
	look = func() {
		if env.IsWorkflowCompleted() || visit > 20 {
			return // a test that continues for longer is wrong, and says so by its own time limit
		}
		visit++
		d := desk{t: w.t, env: env, visit: visit, answers: w.answers}
		value, err := env.QueryWorkflow(api.QueryProgress)
		require.NoError(w.t, err)
		require.NoError(w.t, value.Get(&d.Progress))
		if d.Held != nil {
			w.answers.seen = append(w.answers.seen, *d.Held)
		}
		w.operator(d)
		env.RegisterDelayedCallback(look, days)
	}
	env.RegisterDelayedCallback(look, days)
}

// resolve sends the update; its answer is kept.
func (d desk) resolve(resolution any) {
	d.env.UpdateWorkflow(api.UpdateResolve, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { d.answers.refused = append(d.answers.refused, err) },
		OnComplete: func(answer any, err error) {
			require.NoError(d.t, err)
			d.answers.resolved = append(d.answers.resolved, answer.(api.Resolved))
		},
	}, resolution)
}

// now is resolve from beside the operation, while a command runs; it returns when the operation has taken or refused it.
func (d desk) now(resolution any) {
	taken := make(chan struct{})
	d.env.UpdateWorkflow(api.UpdateResolve, "", &testsuite.TestUpdateCallback{
		OnAccept: func() { close(taken) },
		OnReject: func(err error) {
			d.answers.refused = append(d.answers.refused, err)
			close(taken)
		},
		OnComplete: func(answer any, err error) {
			if err == nil {
				d.answers.resolved = append(d.answers.resolved, answer.(api.Resolved))
			}
		},
	}, resolution)
	<-taken
}

// holding is the input of an operation with on_failure: hold.
func holding(t tb, input any) map[string]any {
	t.Helper()
	data, err := json.Marshal(input)
	require.NoError(t, err)
	fields := map[string]any{}
	require.NoError(t, json.Unmarshal(data, &fields))
	fields["on_failure"] = api.OnFailureHold
	return fields
}
