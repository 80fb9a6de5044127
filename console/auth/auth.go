package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	wire "drover/console/api"
	"drover/durable"
	"drover/fault"
)

const (
	// sessionLife is how long a session lasts, linkLife a one-time link.
	sessionLife  = 12 * time.Hour
	linkLife     = 15 * time.Minute
	tokenLife    = 30 * 24 * time.Hour
	maxTokenLife = 365 * 24 * time.Hour
	// Attempts to log in from one address: as many at once, then one in every pause.
	attempts = 10
	pause    = 6 * time.Second
	// remembered bounds the addresses whose attempts are counted.
	remembered = 10_000
)

// Identity is who asks.
type Identity struct {
	User, Role string
	Labels     map[string]string // only clusters with all of these; empty: all
	Expires    time.Time
	token      string // id of the token that it came from; "" for a one-time link
}

// Covers reports whether a cluster with the labels is within reach.
func (i Identity) Covers(labels map[string]string) bool {
	for k, v := range i.Labels {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// Includes reports whether a role may do what another one may.
func Includes(role, other string) bool {
	order := []string{wire.Viewer, wire.Operator, wire.Admin}
	have, need := slices.Index(order, role), slices.Index(order, other)
	return have >= 0 && need >= 0 && have >= need
}

// stored is a token in the file.
type stored struct {
	wire.Token
	Digest string `json:"digest"`
}

// Auth is safe for concurrent use.
type Auth struct {
	file, sessionFile string
	now               func() time.Time

	mu       sync.Mutex
	tokens   []stored
	sessions map[string]Identity  // by digest
	links    map[string]time.Time // by digest: when they expire
	tries    map[string]*rate.Limiter
}

// Open reads the tokens of a file, and the sessions of sessions.json beside it. Both may be missing.
func Open(file string, now func() time.Time) (*Auth, error) {
	a := &Auth{file: file, sessionFile: filepath.Join(filepath.Dir(file), "sessions.json"), now: now, sessions: map[string]Identity{}, links: map[string]time.Time{}, tries: map[string]*rate.Limiter{}}
	if err := a.readSessions(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &a.tokens)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the tokens in %s cannot be read", file)
	}
	return a, nil
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Try counts an attempt to log in from an address; false: there were too many.
func (a *Auth) Try(from string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.tries[from]
	if l == nil {
		if len(a.tries) >= remembered {
			clear(a.tries)
		}
		l = rate.NewLimiter(rate.Every(pause), attempts)
		a.tries[from] = l
	}
	return l.AllowN(a.now(), 1)
}

// Link makes the key of a one-time link, with which one logs in as admin.
func (a *Auth) Link() string {
	key := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.links[digest(key)] = a.now().Add(linkLife)
	return key
}

// Once opens a session with the key of a link, which is used up.
func (a *Auth) Once(key string) (secret string, who Identity, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := digest(key)
	until, ok := a.links[d]
	delete(a.links, d)
	if !ok || !a.now().Before(until) {
		return "", Identity{}, false
	}
	secret, who = a.open(Identity{User: "local", Role: wire.Admin})
	return secret, who, true
}

// LogIn opens a session with a token.
func (a *Auth) LogIn(token string) (secret string, who Identity, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.byDigest(digest(token))
	if !ok {
		return "", Identity{}, false
	}
	secret, who = a.open(identity(t))
	return secret, who, true
}

func identity(t stored) Identity {
	return Identity{User: t.Name, Role: t.Role, Labels: t.Labels, Expires: t.ExpiresAt, token: t.ID}
}

// Open opens a session for who was identified elsewhere. It lasts until who.Expires, and at most as long as any session.
func (a *Auth) Open(who Identity) (secret string, _ Identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open(who)
}

func (a *Auth) open(who Identity) (string, Identity) {
	now := a.now()
	maps.DeleteFunc(a.sessions, func(_ string, s Identity) bool { return !now.Before(s.Expires) })
	if end := now.Add(sessionLife); who.Expires.IsZero() || end.Before(who.Expires) {
		who.Expires = end
	}
	secret := rand.Text()
	a.sessions[digest(secret)] = who
	a.keepSessions()
	return secret, who
}

// Identify finds who has a token or a session.
func (a *Auth) Identify(secret string) (Identity, bool) {
	if secret == "" {
		return Identity{}, false
	}
	d := digest(secret)
	a.mu.Lock()
	defer a.mu.Unlock()
	if who, ok := a.sessions[d]; ok && a.now().Before(who.Expires) {
		return who, true
	}
	if t, ok := a.byDigest(d); ok {
		return identity(t), true
	}
	return Identity{}, false
}

func (a *Auth) byDigest(d string) (stored, bool) {
	for _, t := range a.tokens {
		if t.Digest == d && a.now().Before(t.ExpiresAt) {
			return t, true
		}
	}
	return stored{}, false
}

// LogOut ends a session.
func (a *Auth) LogOut(secret string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, digest(secret))
	a.keepSessions()
}

// Tokens lists the tokens, expired ones included.
func (a *Auth) Tokens() []wire.Token {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]wire.Token, len(a.tokens))
	for i, t := range a.tokens {
		out[i] = t.Token
	}
	return out
}

// Issue makes a token; its text is returned once.
func (a *Auth) Issue(in wire.NewToken, by string) (wire.IssuedToken, error) {
	life := tokenLife
	if in.ExpiresIn != "" {
		var err error
		if life, err = time.ParseDuration(in.ExpiresIn); err != nil || life < time.Minute || life > maxTokenLife {
			return wire.IssuedToken{}, fault.New(fault.Invalid, "expires_in: %q is not a duration from 1m to 8760h", in.ExpiresIn)
		}
	}
	if !Includes(in.Role, wire.Viewer) {
		return wire.IssuedToken{}, fault.New(fault.Invalid, "role: %q is not one of viewer, operator, admin", in.Role)
	}
	text, now := "drover_"+rand.Text(), a.now().UTC().Truncate(time.Second)
	t := wire.Token{
		ID: rand.Text()[:10], Name: in.Name, Role: in.Role, Labels: in.Labels, CreatedAt: now, CreatedBy: by, ExpiresAt: now.Add(life),
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.save(append(slices.Clone(a.tokens), stored{t, digest(text)})); err != nil {
		return wire.IssuedToken{}, err
	}
	return wire.IssuedToken{Token: t, Text: text}, nil
}

// Delete deletes a token and ends the sessions that it opened.
func (a *Auth) Delete(id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(a.tokens), func(t stored) bool { return t.ID == id })
	if len(left) == len(a.tokens) {
		return fault.New(fault.NotFound, "token %s does not exist", id)
	}
	if err := a.save(left); err != nil {
		return err
	}
	maps.DeleteFunc(a.sessions, func(_ string, s Identity) bool { return s.token == id })
	a.keepSessions()
	return nil
}

func (a *Auth) save(tokens []stored) error {
	text, err := json.MarshalIndent(tokens, "", "  ")
	if err == nil {
		err = durable.Replace(a.file, text, 0o600)
	}
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the tokens cannot be stored in %s", a.file)
	}
	a.tokens = tokens
	return nil
}
