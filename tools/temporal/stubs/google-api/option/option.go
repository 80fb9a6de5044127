// Package option has the one setting of Google's clients that Temporal's archiver gives.
package option

import "golang.org/x/oauth2"

// ClientOption has no effect.
type ClientOption interface{}

// WithTokenSource has no effect.
func WithTokenSource(oauth2.TokenSource) ClientOption { return nil }
