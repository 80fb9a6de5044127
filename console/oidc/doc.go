// Package oidc logs users of the console in with an OpenID Connect provider: the authorization code flow with PKCE, state bound to the
// browser, and a nonce. Rules of the configuration turn claims of the verified ID token into a role and labels; whoever matches none is
// refused.
//
// It keeps no session and serves no path. Callers: console, console/server.
package oidc
