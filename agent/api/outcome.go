package api

// Outcome is what is known of a command on a node, from the agent's answer up to the operator.
type Outcome string

// Outcomes.
const (
	OutcomeSucceeded Outcome = "succeeded" // it ended with exit code 0
	OutcomeFailed    Outcome = "failed"    // it ended otherwise: exit code, time limit or cancel
	OutcomeUnknown   Outcome = "unknown"   // it began, and how it ended cannot be known
	OutcomeOpen      Outcome = "open"      // no answer: it may not have begun, or may still run
)

// Outcome is what the status says of the command's end.
func (st CommandStatus) Outcome() Outcome {
	switch {
	case st.State == StateUnknown:
		return OutcomeUnknown
	case st.State != StateExited:
		return OutcomeOpen
	case st.ExitCode != 0 || st.TimedOut || st.Canceled:
		return OutcomeFailed
	}
	return OutcomeSucceeded
}
