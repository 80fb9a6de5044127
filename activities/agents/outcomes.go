package agents

import (
	"fmt"
	"strings"

	agentapi "drover/agent/api"
)

// Outcomes are one per node. In JSON they are a text of one letter per node, since a stage of a thousand nodes has to fit
// into a workflow's history.
type Outcomes []agentapi.Outcome

// byLetter are the outcomes by their place in letters.
var byLetter = Outcomes{agentapi.OutcomeSucceeded, agentapi.OutcomeFailed, agentapi.OutcomeUnknown, agentapi.OutcomeOpen}

const letters = ".x?-"

// MarshalText writes the letters; an outcome that has none is an error.
func (o Outcomes) MarshalText() ([]byte, error) {
	text := make([]byte, len(o))
next:
	for i, outcome := range o {
		for l, known := range byLetter {
			if outcome == known {
				text[i] = letters[l]
				continue next
			}
		}
		return nil, fmt.Errorf("outcome %q of node %d has no letter", outcome, i+1)
	}
	return text, nil
}

// UnmarshalText reads the letters; any other letter is an error.
func (o *Outcomes) UnmarshalText(text []byte) error {
	*o = make(Outcomes, len(text))
	for i, letter := range text {
		l := strings.IndexByte(letters, letter)
		if l < 0 {
			return fmt.Errorf("outcome letter %q of node %d is unknown", letter, i+1)
		}
		(*o)[i] = byLetter[l]
	}
	return nil
}
