package remote

import (
	"context"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Run launches cmd on the node under id and waits until it has ended. Another call with the same id, from any process,
// joins the same execution: lost connections, restarts of the agent and retried activities never run the command twice.
// It returns when
//
//   - the command ended: its status, with any exit code;
//   - the command began and its outcome cannot be known: OutcomeUnknown with the reason, and the status;
//   - the agent refused the command with a fault that is not retryable;
//   - w.MayBegin failed: its error. It is called before every attempt to begin the command, and the agent does not begin
//     the command when the launch arrives late (api.StaleAfter);
//   - w.Silent failed: its error;
//   - the node did not answer for Options.GiveUp: Unreachable;
//   - ctx ended. The command continues; the caller decides whether to end it with Cancel.
//
// w.Progress is called at least every 20 s while the node answers.
func (a *Agents) Run(ctx context.Context, t Target, id string, cmd api.Command, w api.Watch) (api.CommandStatus, error) {
	st, err := a.call(ctx, t, w, func(ctx context.Context) (api.CommandStatus, error) {
		if w.MayBegin != nil {
			// The clock is read first: the answer of MayBegin may be as old as its question.
			var err error
			if cmd.AsOf, err = a.client(t).Now(ctx); err != nil {
				return api.CommandStatus{}, err
			}
			if err := w.MayBegin(ctx); err != nil {
				return api.CommandStatus{}, err
			}
		}
		return a.client(t).Launch(ctx, id, cmd, a.poll)
	})
	return a.follow(ctx, t, id, st, err, w)
}

// Cancel ends a command's process group (TERM, grace, KILL) and waits until it has ended. It returns the status of a
// command that has already ended, and NotFound for one that never began.
func (a *Agents) Cancel(ctx context.Context, t Target, id string) (api.CommandStatus, error) {
	st, err := a.call(ctx, t, api.Watch{}, func(ctx context.Context) (api.CommandStatus, error) {
		return a.client(t).Cancel(ctx, id, a.poll)
	})
	return a.follow(ctx, t, id, st, err, api.Watch{})
}

// follow attaches until the command has ended. st and err are the last answer about it.
func (a *Agents) follow(
	ctx context.Context, t Target, id string, st api.CommandStatus, err error, w api.Watch,
) (api.CommandStatus, error) {
	for begun := false; ; begun = true {
		if begun && fault.Is(err, fault.NotFound) {
			return st, faultAt(t, fault.OutcomeUnknown, "node %s has lost command %s, which had begun", t, id).
				WithHint("its journal in %s was lost; check the node before you run the command again", api.JournalDir)
		}
		if err != nil {
			return st, at(t, "command "+id, err)
		}
		if w.Progress != nil {
			w.Progress(st)
		}
		switch st.State {
		case api.StateRunning:
		case api.StateUnknown:
			f := faultAt(t, fault.OutcomeUnknown, "command %s began on node %s and its outcome is unknown: %s", id, t, st.Detail).
				WithHint("check the node before you run the command again")
			f.Output = st.Output
			return st, f
		default:
			return st, nil
		}
		asked := time.Now()
		var next api.CommandStatus
		next, err = a.call(ctx, t, w, func(ctx context.Context) (api.CommandStatus, error) {
			return a.client(t).Attach(ctx, id, a.poll)
		})
		if err == nil {
			st = next
		}
		// An agent that is shutting down answers at once that the command runs.
		if early := a.pace - time.Since(asked); err == nil && st.State == api.StateRunning && early > 0 {
			_ = sleep(ctx, early)
		}
	}
}

// call sends a request to the agent until it answers. One attempt lasts no longer than the agent may delay its answer,
// so that a hung agent or a dead link is noticed and the request retried.
func (a *Agents) call(
	ctx context.Context, t Target, w api.Watch, ask func(context.Context) (api.CommandStatus, error),
) (st api.CommandStatus, err error) {
	err = a.retry(ctx, t, a.pool.opt.GiveUp, w.Silent, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, a.poll+a.slack)
		defer cancel()
		st, err = ask(ctx)
		return err
	})
	return st, err
}
