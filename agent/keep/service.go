package keep

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"drover/fault"
)

// service keeps the agent by the node's own small init (api.ServicesDir).
type service struct{ Node }

func (s service) file() string { return filepath.Join(s.ServicesDir, "agent") }

func (s service) begin(context.Context) (bool, error) {
	words := s.runLine()
	for i, w := range words {
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	changed, err := writeIfOther(s.file(), "#!/bin/sh\nexec "+strings.Join(words, " ")+"\n", 0o755)
	if err == nil {
		err = s.hangUp()
	}
	return changed, err
}

// restart: the init starts what ended again.
func (s service) restart(context.Context) error { return s.signalAgent(syscall.SIGTERM) }

func (s service) end(context.Context) error {
	err := os.Remove(s.file())
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fault.Wrap(err, fault.Internal, "remove the agent's service file")
	}
	return s.hangUp()
}

func (s service) hangUp() error {
	if err := s.HangUp(); err != nil {
		return fault.Wrap(err, fault.Internal, "notify process 1 of %s", s.file())
	}
	return nil
}
