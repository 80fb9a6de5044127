package workflows_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/fakes"
	"drover/workflows/api"
)

var clock = regexp.MustCompile(`(time=\S+ )|( took=\S+)|( (Namespace|TaskQueue|WorkerID|WorkflowType|WorkflowID|RunID|Attempt)=\S+)`)

// lines are what operations logged, without times and the SDK's tags.
func lines(log *bytes.Buffer) []string {
	var out []string
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, " operation=") {
			out = append(out, strings.TrimSpace(clock.ReplaceAllString(line, "")))
		}
	}
	return out
}

func TestOperationsAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t)
	createStore(w)
	w.log = &log
	require.NoError(t, w.startAs(api.PlanID(clusterID, "1"), api.RunService, api.RunServiceInput{Service: "tidy", DryRun: true}).err)
	require.Error(t, w.startAs(api.PlanID(clusterID, "2"), api.RunService, api.RunServiceInput{Service: "none", DryRun: true}).err)
	require.Empty(t, lines(&log), "a dry run is not an operation")

	w.start1(api.RunService, api.RunServiceInput{Service: "tidy"})
	require.Equal(t, []string{
		`level=INFO msg="operation begins" cluster=cl-test0001 operation=RunService number=2 app=store version=1`,
		`level=INFO msg="step ends" cluster=cl-test0001 operation=RunService step=RV1 words="tidy, order 0" outcome=done nodes=4`,
		`level=INFO msg="operation ends" cluster=cl-test0001 operation=RunService outcome=succeeded`,
	}, lines(&log))

	log.Reset()
	require.Error(t, w.start(api.RunService, api.RunServiceInput{Service: "none"}).err)
	require.Len(t, lines(&log), 1)
	require.Contains(t, lines(&log)[0], `level=INFO msg="operation refused" id=cluster/cl-test0001 operation=RunService outcome=refused error=`)

	log.Reset()
	m := &mishap{command: "RV1 tidy a/1", status: fakes.Exit(7, "no space left")}
	w.agents.Handlers = append([]fakes.Handler{m.happen}, w.agents.Handlers...)
	w.operator = func(d desk) { d.resolve(api.Resolution{Action: api.ResolveAbort}) }
	require.Error(t, w.start(api.RunService, api.RunServiceInput{Service: "tidy", Holds: api.Holds{OnFailure: "hold"}}).err)
	told := lines(&log)
	require.Len(t, told, 5)
	require.Contains(t, told[1], `level=WARN msg="step held" cluster=cl-test0001 operation=RunService step=RV1 words="tidy, order 0" outcome=held error=`)
	require.Contains(t, told[1], `resolve_with="drover resolve cl-test0001"`)
	require.Contains(t, told[2], `msg="step resolved"`)
	require.Contains(t, told[2], "action=abort")
	require.Contains(t, told[3], "outcome=failed")
	require.Contains(t, told[4], `level=WARN msg="operation ends" cluster=cl-test0001 operation=RunService outcome=failed error=`)
}
