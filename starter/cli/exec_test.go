package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"drover/client"
	"drover/fault"
	"drover/workflows/api"
)

// execScript ends as its last word says: an exit code, "late", "off", or not at all: "sleep".
func execScript(ctx workflow.Context, in api.ExecCommandInput) (*api.Executed, error) {
	out := &api.Executed{
		ClusterID: in.ClusterID, Node: "etcd_node/1", NodeID: in.Node, Command: in.Command, Output: in.Timeout + "\nno \x1b[31mcolours\n", From: 7,
		StartedAt: "2026-01-02T03:04:05Z", EndedAt: "2026-01-02T03:04:06Z",
	}
	switch last := in.Command[len(in.Command)-1]; last {
	case "off":
		return nil, failing(&fault.Fault{Type: fault.NotAllowed, Message: "node etcd_node/1 (" + in.Node + ") is off", Refused: true})
	case "late":
		out.TimedOut = true
	case "sleep":
		return nil, workflow.Sleep(ctx, time.Hour)
	default:
		out.ExitCode, _ = strconv.Atoi(last)
	}
	return out, nil
}

// A command is run and shown; how it ended is drover's exit code, and who ran it is on record. It is the same through the console,
// for those who may operate.
func TestExec(t *testing.T) {
	t.Parallel()
	const id = "cl-execexec"
	c := drover(t, "exec", id, "etcd_node/1", "--as", "ann", "--", "sh", "-c", "exit 3", "3")
	require.Equal(t, exitFailed, c.code)
	require.Equal(t, "5m0s\nno colours\n", c.stdout.String())
	require.Equal(t, "(7 bytes before this are not shown)\netcd_node/1: exit code 3\n", c.stderr.String())

	c = drover(t, "exec", id, "cln-00000001", "--timeout", "90s", "-o", "json", "--", "true", "0")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	done := decoded[api.Executed](t, c.stdout.String())
	require.Equal(t, []string{"true", "0"}, done.Command)
	require.True(t, strings.HasPrefix(done.Output, "1m30s\n"))
	require.Empty(t, c.stderr.String())

	c = drover(t, "exec", id, "10.0.0.1", "--", "true", "off")
	require.Equal(t, exitRefused, c.code)
	require.Contains(t, c.stderr.String(), "ExecCommand "+id+" was refused: node etcd_node/1 (cln-00000001) is off")
	require.Contains(t, drover(t, "exec", id, "10.0.0.1", "--", "true", "late").stderr.String(), "etcd_node/1: timed out\n")

	url, tokens := consoleOf(t, server(t))
	c = viaConsole(t, url, tokens["operator"], "exec", id, "etcd_node/1", "--", "true", "4")
	require.Equal(t, exitFailed, c.code)
	require.Contains(t, c.stderr.String(), "etcd_node/1: exit code 4\n")
	c = viaConsole(t, url, tokens["viewer"], "exec", id, "etcd_node/1", "--", "true", "0")
	require.Equal(t, exitRefused, c.code)
	require.Contains(t, c.stderr.String(), "needs the role operator")

	// Visibility follows a little later, of the end too. Refused ones are not listed, as with operations.
	for _, ops := range []func(...string) *call{
		func(args ...string) *call { return drover(t, args...) }, func(args ...string) *call { return viaConsole(t, url, tokens["viewer"], args...) },
	} {
		var list []client.Operation
		require.Eventually(t, func() bool {
			list = decoded[List[client.Operation]](t, ops("ops", id, "-o", "json").stdout.String()).Items
			return len(list) == 4 && !slices.ContainsFunc(list, func(op client.Operation) bool { return op.State == client.StateRunning })
		}, 10*time.Second, 100*time.Millisecond)
		require.Equal(t, []string{"operator-ann", "exec cln-00000001: true 4", client.StateFailed}, []string{list[0].By, list[0].What, list[0].State})
		require.Equal(t, []string{"ann", "exec cln-00000001: sh -c 'exit 3' 3"}, []string{list[3].By, list[3].What})
		require.Equal(t, 3, list[3].Error.ExitCode)
	}
}

func TestExecRefusesACommandLine(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"drover exec needs NODE":                  {known},
		"drover exec needs a command behind --":   {known, "etcd_node/1", "--"},
		"drover exec needs -- before the command": {known, "etcd_node/1", "ls"},
		`drover exec: unexpected argument "ls"`:   {known, "etcd_node/1", "ls", "--", "-l"},
		"command: empty":                          {known, "etcd_node/1", "--", ""},
		"timeout: \"48h0m0s\" is not a duration":  {known, "etcd_node/1", "--timeout", "48h", "--", "ls"},
		"the program \"-l\" begins with a dash":   {known, "etcd_node/1", "--", "-l"},
		"unknown shorthand flag: 'l' in -l":       {known, "etcd_node/1", "ls", "-l"},
	} {
		c := ask(t, &counter{}, "", append([]string{"exec"}, args...)...)
		require.Equal(t, exitUsage, c.code, args)
		require.Contains(t, c.stderr.String(), says)
	}
}

// Ctrl-C ends the command and not only the wait for it.
func TestInterruptingExecEndsTheCommand(t *testing.T) {
	t.Parallel()
	const id = "cl-execint0"
	ctx, interrupt := context.WithCancel(t.Context())
	c := prepare(server(t), "exec", id, "cln-00000001", "--", "sleep")
	ended := make(chan *call, 1)
	go func() { ended <- c.run(ctx) }()
	ops := func() []client.Operation {
		return decoded[List[client.Operation]](t, drover(t, "ops", id, "-o", "json").stdout.String()).Items
	}
	require.Eventually(t, func() bool { return len(ops()) == 1 }, 10*time.Second, 50*time.Millisecond)
	interrupt()
	require.Equal(t, exitDetached, (<-ended).code)
	require.Eventually(t, func() bool { return ops()[0].State == client.StateCancelled }, 10*time.Second, 50*time.Millisecond)
}
