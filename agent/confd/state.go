package confd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"drover/durable"
)

// state remembers, per resource, the digest of the content whose consequences (swap and reload) are complete. It decides
// whether a reload is due, not the file on disk: a file swapped just before a crash or a failed reload looks unchanged,
// yet its service has not heard of it.
type state struct {
	file      string              // empty: kept in memory only
	Version   int                 `json:"version"`
	Resources map[string]*applied `json:"resources"`
	dirty     bool
}

type applied struct {
	Dest string `json:"dest"`
	// Digest is empty from just before the swap until the reload succeeded, and unwatched without a reload_cmd.
	Digest string `json:"digest"`
	// Left is the file as the resource's own reload_cmd left it, where that is not as rendered: it is not drift.
	Left string `json:"left,omitempty"`
	// ReloadedAt is when the reload_cmd last ran to success.
	ReloadedAt time.Time `json:"reloaded_at,omitzero"`
}

// unwatched is the digest of a resource without reload_cmd: there is nothing to decide about it, now or when it gets one.
const unwatched = "-"

// stateVersion changes with the meaning of Digest; another version's file is not read, which reloads nothing.
const stateVersion = 1

// loadState never fails for good: without a readable state, files that are as rendered count as applied.
func loadState(file string) (*state, error) {
	fresh := func() *state {
		return &state{file: file, Version: stateVersion, Resources: map[string]*applied{}}
	}
	if file == "" {
		return fresh(), nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh(), nil
	}
	if err != nil {
		return fresh(), err
	}
	s := fresh()
	if err := json.Unmarshal(text, s); err != nil {
		return fresh(), fmt.Errorf("%s is damaged and is replaced by a new one: %w", file, err)
	}
	if s.Version != stateVersion || s.Resources == nil {
		return fresh(), fmt.Errorf("%s has version %d, not %d, and is replaced by a new one", file, s.Version, stateVersion)
	}
	for name, a := range s.Resources {
		if a == nil {
			delete(s.Resources, name)
		}
	}
	return s, nil
}

// of is what is known of a resource; nil when nothing is, or when it wrote another file then.
func (s *state) of(r *resource) *applied {
	if a := s.Resources[r.name]; a != nil && a.Dest == r.dest {
		return a
	}
	return nil
}

// set records a digest; "" says that a swap or reload is under way.
func (s *state) set(r *resource, digest string) {
	a := s.of(r)
	if a == nil {
		a = &applied{Dest: r.dest, Digest: "?"}
		s.Resources[r.name] = a
	}
	if a.Digest != digest {
		a.Digest, a.Left, s.dirty = digest, "", true
	}
}

// drop forgets a resource.
func (s *state) drop(name string) {
	delete(s.Resources, name)
	s.dirty = true
}

// save makes the state durable.
func (s *state) save() error {
	if !s.dirty || s.file == "" {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	dir := filepath.Dir(s.file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := durable.Replace(s.file, text, 0o600); err != nil {
		return err
	}
	s.dirty = false
	return nil
}
