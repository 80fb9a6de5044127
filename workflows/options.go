package workflows

import (
	"time"

	"drover/activities"
	"drover/activities/machines"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Activity options by name, so that steps contain no numbers. Failures are bounded where trying for ever would hide one;
// neither time while no worker runs nor attempts whose worker died count, so an operation continues whenever a worker
// returns.

// heartbeat is how long a worker may be silent before another one takes over.
const heartbeat = 8 * time.Second

// quickly is how long one attempt of a short activity may take. What hangs in a dead connection is retried after it.
const quickly = 12 * time.Second

// commandMargin is what a command's activity may take beyond the command's own timeout: killing, reading, reporting.
const commandMargin = 5 * time.Minute

// quick: reads and writes of the control record and of metadata. Gives up after about three minutes of failures.
func quick(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: quickly,
		HeartbeatTimeout:    heartbeat,
		RetryPolicy:         retry(200*time.Millisecond, 10*time.Second, 24),
	}
}

// patient: what must happen in the end, however long Consul or a provider is away: undo, release, the last word.
func patient(summary string) workflow.ActivityOptions {
	o := quick(summary)
	o.RetryPolicy = retry(200*time.Millisecond, 30*time.Second, forEver)
	return o
}

// provisioning: making and releasing machines. Gives up after about three minutes of failures.
func provisioning(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: time.Hour,
		HeartbeatTimeout:    heartbeat,
		WaitForCancellation: true,
		RetryPolicy:         retry(time.Second, 30*time.Second, machines.ReleaseAttempts),
	}
}

// transferring: moving the data of backups, which may take a day. What was moved is not moved again by the next attempt, so
// a target may be away for about half an hour.
func transferring(summary string) workflow.ActivityOptions {
	o := provisioning(summary)
	o.StartToCloseTimeout = 24 * time.Hour
	o.RetryPolicy = retry(time.Second, 2*time.Minute, 20)
	return o
}

// remote: waiting until nodes did something within a limit of their own.
func remote(summary string, limit time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: limit + commandMargin,
		HeartbeatTimeout:    heartbeat,
		WaitForCancellation: true,
		RetryPolicy:         retry(200*time.Millisecond, 10*time.Second, 24),
	}
}

// long: commands on nodes. Every attempt attaches to the same commands, so attempts are not bounded.
func long(summary string, limit time.Duration) workflow.ActivityOptions {
	o := remote(summary, limit)
	o.RetryPolicy = retry(200*time.Millisecond, 5*time.Second, forEver)
	return o
}

// stopping: ending commands on nodes. An unreachable node delays the operation by little more than half a
// minute: what is undone next may well release it.
func stopping(summary string) workflow.ActivityOptions {
	o := remote(summary, 0)
	o.RetryPolicy = retry(200*time.Millisecond, 10*time.Second, 8)
	return o
}

// forEver is the number of failures of what is tried until it succeeds.
const forEver = 0

func retry(initial, longest time.Duration, failures int32) *temporal.RetryPolicy {
	policy := &temporal.RetryPolicy{InitialInterval: initial, BackoffCoefficient: 2, MaximumInterval: longest}
	if failures != forEver {
		policy.MaximumAttempts = activities.Attempts(failures)
	}
	return policy
}
