package api

// Exit codes of `drover-agent start --stdin`, by which the caller that installs the agent over SSH learns what happened: output
// may come late, or never, from a node that is very busy, an exit code does not. None of them is a code that a shell or
// another program ends with by itself.
const (
	SetupOtherProgram = 91 // this program is not the one asked for; nothing was touched
	SetupDone         = 93 // the agent answers with this program and these settings
	SetupFailed       = 94 // standard error says why
	SetupForeign      = 95 // an agent of other settings answers and cannot be replaced
)
