package store

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
)

// Access manages a policy and a token for the nodes of each cluster in Consul's ACL system: they can read the metadata of
// their own cluster and of linked clusters, and nothing else. Without ACLs in Consul, or when the worker's token may not
// manage them, it does nothing. It is safe for concurrent use.
type Access struct {
	client *api.Client
	prefix string

	mu    sync.Mutex
	known bool
	on    bool
	why   string
}

// NewAccess returns an Access for the same client and prefix as New.
func NewAccess(client *api.Client, prefix string) *Access {
	return &Access{client: client, prefix: New(client, prefix).prefix}
}

// anonymous is the accessor of the token that every Consul with ACLs has. Its secret is readable for tokens that may
// write ACLs.
const (
	anonymous = "00000000-0000-0000-0000-000000000002"
	hidden    = "<hidden>"
)

// On reports whether tokens are granted, and the reason if not. It asks Consul once.
func (a *Access) On(ctx context.Context) (on bool, why string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known {
		return a.on, a.why, nil
	}
	token, _, err := a.client.ACL().TokenRead(anonymous, (&api.QueryOptions{}).WithContext(ctx))
	var status api.StatusError
	switch {
	case err == nil && token.SecretID == hidden:
		a.why = "the worker's Consul token may read ACLs but not write them"
	case err == nil:
		a.on = true
	case errors.As(err, &status) && status.Code == http.StatusUnauthorized:
		a.why = "Consul has no ACLs"
	case errors.As(err, &status) && status.Code == http.StatusForbidden && !absent(err):
		a.why = "the worker's Consul token may not manage ACLs"
	default:
		return false, "", failed(err, "ask Consul about ACLs")
	}
	a.known = true
	return a.on, a.why, nil
}

// Grant creates or repairs the policy and the token of a cluster. It is idempotent; a lost or manually changed token is
// restored with the secret that the nodes have.
func (a *Access) Grant(ctx context.Context, want lifecycle.Access) error {
	if on, _, err := a.On(ctx); err != nil || !on {
		return err
	}
	if err := checkAccess(want); err != nil {
		return err
	}
	var err error
	for range 3 { // more than one round only when another worker does the same concurrently
		var policy *api.ACLPolicy
		if policy, err = a.putPolicy(ctx, want); err == nil {
			err = a.putToken(ctx, want, policy)
		}
		if !errors.Is(err, errRaced) {
			return err
		}
	}
	return fault.New(fault.Unreachable, "the Consul policy or token of cluster %s kept changing while it was written", want.ClusterID)
}

// Revoke removes a policy or a token. It is idempotent: a missing one is not an error.
func (a *Access) Revoke(ctx context.Context, g lifecycle.Grant) error {
	remove := a.client.ACL().PolicyDelete
	if g.Kind == lifecycle.GrantToken {
		remove = a.client.ACL().TokenDelete
	}
	if _, err := remove(g.ID, (&api.WriteOptions{}).WithContext(ctx)); err != nil && !absent(err) {
		return failed(err, "revoke the Consul %s of cluster %s", g.Kind, g.ClusterID)
	}
	return nil
}

// Granted returns the tokens and policies of a cluster, or of all clusters for "". Tokens come first.
func (a *Access) Granted(ctx context.Context, clusterID string) ([]lifecycle.Grant, error) {
	if on, _, err := a.On(ctx); err != nil || !on {
		return nil, err
	}
	tokens, _, err := a.client.ACL().TokenList((&api.QueryOptions{}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "list Consul's tokens")
	}
	policies, _, err := a.client.ACL().PolicyList((&api.QueryOptions{}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "list Consul's policies")
	}
	var out []lifecycle.Grant
	add := func(kind lifecycle.GrantKind, id, description string) {
		if g, ok := a.described(description); ok && (clusterID == "" || g.ClusterID == clusterID) {
			g.Kind, g.ID = kind, id
			out = append(out, g)
		}
	}
	for _, t := range tokens {
		add(lifecycle.GrantToken, t.AccessorID, t.Description)
	}
	for _, p := range policies {
		add(lifecycle.GrantPolicy, p.ID, p.Description)
	}
	return out, nil
}

// Look compares the policy and token of a cluster with the expected ones, and changes nothing. Without a secret the
// cluster must have neither.
func (a *Access) Look(ctx context.Context, want lifecycle.Access) (lifecycle.AccessSight, error) {
	var sight lifecycle.AccessSight
	var err error
	if sight.On, _, err = a.On(ctx); err != nil || !sight.On {
		return sight, err
	}
	if err := checkAccess(want); err != nil {
		return sight, err
	}
	if want.Secret == "" {
		granted, err := a.Granted(ctx, want.ClusterID)
		for _, g := range granted {
			seen := lifecycle.GrantSight{ID: g.ID, Standing: lifecycle.Wrong}
			if g.Kind == lifecycle.GrantToken {
				sight.Token = seen
			} else {
				sight.Policy = seen
			}
		}
		return sight, err
	}
	sight.Policy.ID, sight.Token.ID = a.policyName(want), a.accessor(want)
	policy, err := a.policy(ctx, want)
	if err != nil {
		return sight, err
	}
	token, err := a.token(ctx, want)
	if err != nil {
		return sight, err
	}
	sight.Policy.Standing = standing(policy != nil, policy != nil && policy.Rules == a.rules(want))
	sight.Token.Standing = standing(token != nil, token != nil && token.SecretID == want.Secret && policy != nil && carries(token, policy))
	return sight, nil
}

func standing(there, right bool) lifecycle.Standing {
	switch {
	case right:
		return lifecycle.Right
	case there:
		return lifecycle.Wrong
	}
	return lifecycle.Absent
}

func checkAccess(want lifecycle.Access) error {
	for _, id := range append([]string{want.ClusterID}, want.Links...) {
		if err := checkName("cluster id", id); err != nil {
			return err
		}
	}
	return nil
}

// absent reports that the policy or token does not exist. Older versions of Consul answer 403, newer ones 404.
func absent(err error) bool {
	var status api.StatusError
	return errors.As(err, &status) && (status.Code == http.StatusNotFound ||
		status.Code == http.StatusForbidden && strings.Contains(status.Body, "ACL not found"))
}

// taken reports that another worker concurrently created or changed the same policy or token.
func taken(err error) bool {
	var status api.StatusError
	return errors.As(err, &status) && (strings.Contains(status.Body, "already exists") || strings.Contains(status.Body, "already in use"))
}
