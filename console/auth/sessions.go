package auth

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"drover/durable"
	"drover/fault"
)

// kept is a session in the file: a console that starts again ends no session.
type kept struct {
	Digest  string            `json:"digest"`
	User    string            `json:"user"`
	Role    string            `json:"role"`
	Labels  map[string]string `json:"labels,omitempty"`
	Expires time.Time         `json:"expires"`
	Token   string            `json:"token,omitempty"` // id
}

func (a *Auth) readSessions() error {
	text, err := os.ReadFile(a.sessionFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var all []kept
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the sessions in %s cannot be read", a.sessionFile).WithHint("delete the file: users log in again")
	}
	for _, k := range all {
		if a.now().Before(k.Expires) {
			a.sessions[k.Digest] = Identity{User: k.User, Role: k.Role, Labels: k.Labels, Expires: k.Expires, token: k.Token}
		}
	}
	return nil
}

// keepSessions writes all sessions. One that cannot be written lasts until the program ends.
func (a *Auth) keepSessions() {
	all := make([]kept, 0, len(a.sessions))
	for _, digest := range slices.Sorted(maps.Keys(a.sessions)) {
		s := a.sessions[digest]
		all = append(all, kept{digest, s.User, s.Role, s.Labels, s.Expires, s.token})
	}
	if text, err := json.Marshal(all); err == nil {
		_ = durable.Replace(a.sessionFile, text, 0o600)
	}
}
