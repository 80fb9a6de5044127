// Package gcp takes the place of Vault's log-in with Google's identities in our build of Consul, where only a certificate
// authority in Vault would use it.
package gcp

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/api"
)

var errLeftOut = errors.New("Vault's auth method gcp is not part of this build of Consul")

// GCPAuth cannot be had.
type GCPAuth struct{}

// LoginOption is accepted and has no effect.
type LoginOption func(*GCPAuth) error

// NewGCPAuth always fails.
func NewGCPAuth(string, ...LoginOption) (*GCPAuth, error) { return nil, errLeftOut }

// Login is never called.
func (*GCPAuth) Login(context.Context, *api.Client) (*api.Secret, error) { return nil, errLeftOut }

// WithMountPath has no effect.
func WithMountPath(string) LoginOption { return nil }

// WithGCEAuth has no effect.
func WithGCEAuth() LoginOption { return nil }

// WithIAMAuth has no effect.
func WithIAMAuth(string) LoginOption { return nil }
