package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"drover/fault"
)

const (
	// Life is how long a log-in may take at the provider.
	Life = 10 * time.Minute
	// begun bounds the log-ins that are remembered at the same time.
	begun = 10_000
	// patience bounds one request to the provider.
	patience = 10 * time.Second
)

// CallbackPath is the path that the provider sends browsers back to.
const CallbackPath = "/login/oidc/callback"

// Provider logs users in. It is safe for concurrent use.
type Provider struct {
	Config
	now  func() time.Time
	http *http.Client

	mu    sync.Mutex
	found *oidc.Provider  // nil until the provider has answered once
	flows map[string]flow // by state
}

// flow is a log-in that was begun.
type flow struct {
	nonce, verifier string
	expires         time.Time
}

// User is who logged in.
type User struct {
	Name, Role string
	Labels     map[string]string
	Expires    time.Time // of the session
}

// New returns a provider. It is asked at the first log-in: the console starts without it.
func New(c *Config, now func() time.Time) *Provider {
	return &Provider{Config: *c, now: now, http: &http.Client{Timeout: patience}, flows: map[string]flow{}}
}

// Begin begins a log-in: the address to send the browser to, and the state that the same browser has to bring back.
func (p *Provider) Begin(ctx context.Context) (address, state string, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	state = rand.Text()
	f := flow{nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), expires: p.now().Add(Life)}
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, old := range p.flows {
		if !p.now().Before(old.expires) {
			delete(p.flows, s)
		}
	}
	if len(p.flows) >= begun {
		return "", "", fault.New(fault.Unreachable, "too many log-ins were begun; try again in some minutes")
	}
	p.flows[state] = f
	return p.client(found).AuthCodeURL(state, oidc.Nonce(f.nonce), oauth2.S256ChallengeOption(f.verifier)), state, nil
}

// Finish ends a log-in with what the provider sent the browser back with: state and code, and the state that this browser began with.
func (p *Provider) Finish(ctx context.Context, state, code, began string) (*User, error) {
	p.mu.Lock()
	f, ok := p.flows[state]
	delete(p.flows, state) // each can be used once
	p.mu.Unlock()
	if !ok || subtle.ConstantTimeCompare([]byte(state), []byte(began)) != 1 || !p.now().Before(f.expires) {
		return nil, fault.New(fault.Unauthorized, "the log-in was begun in another browser, was used, or took longer than %s", Life)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, p.http)
	token, err := p.client(found).Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	if err != nil {
		return nil, fault.Wrap(bare(err), fault.Unauthorized, "the provider %s refused the log-in", p.Issuer)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fault.New(fault.Unauthorized, "the provider %s gave no ID token", p.Issuer)
	}
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unauthorized, "the ID token of %s is not valid", p.Issuer)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.nonce)) != 1 {
		return nil, fault.New(fault.Unauthorized, "the ID token of %s is for another log-in", p.Issuer)
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return nil, fault.Wrap(err, fault.Unauthorized, "the claims of %s cannot be read", p.Issuer)
	}
	return p.admit(claims)
}

// admit makes a user of the claims of a verified token.
func (p *Provider) admit(claims map[string]any) (*User, error) {
	name, err := p.user(claims)
	if err != nil {
		return nil, err
	}
	rule, ok := p.role(claims)
	if !ok {
		return nil, fault.New(fault.NotAllowed, "no rule gives %s a role", name).WithHint("ask an administrator of Drover")
	}
	return &User{Name: name, Role: rule.Role, Labels: rule.Labels, Expires: p.now().Add(p.Session)}, nil
}

// discover asks the provider for its addresses and keys, until it has answered once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	found := p.found
	p.mu.Unlock()
	if found != nil {
		return found, nil
	}
	// Keys are fetched later too, after this request has ended.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.http), p.Issuer)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unreachable, "the OpenID Connect provider %s does not answer", p.Issuer)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found = found
	return found, nil
}

func (p *Provider) client(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.secret, Endpoint: found.Endpoint(), RedirectURL: strings.TrimSuffix(p.URL, "/") + CallbackPath,
		Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
}

// bare is an error of the token endpoint without the body of the answer, which may have secrets.
func bare(err error) error {
	if r := (*oauth2.RetrieveError)(nil); errors.As(err, &r) {
		return fmt.Errorf("%s %s", r.Response.Status, r.ErrorCode)
	}
	return err
}
