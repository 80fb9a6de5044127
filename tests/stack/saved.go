package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// saved is what a stack keeps in its folder about itself, so that another program can find it and a later start can
// have the same ports.
type saved struct {
	Temporal int `json:"temporal"`
	UI       int `json:"ui,omitempty"`
	Consul   int `json:"consul"`
	Metrics  int `json:"metrics,omitempty"`
	Console  int `json:"console,omitempty"`
}

func savedFile(dir string) string { return filepath.Join(dir, "ports.json") }

func (s *Stack) save() error {
	data, err := json.Marshal(saved{
		Temporal: portOf(s.TemporalAddress), UI: portOf(s.UIURL), Consul: portOf(s.ConsulURL), Metrics: s.metricsPort, Console: s.consolePort,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(savedFile(s.Dir), data, 0o600)
}

// load gives the zero value when no stack was ever started in dir.
func load(dir string) (saved, error) {
	var last saved
	data, err := os.ReadFile(savedFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return last, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &last)
	}
	if err != nil {
		return last, fmt.Errorf("%s: %w", savedFile(dir), err)
	}
	return last, nil
}
