package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/hashicorp/consul/api"

	"drover/lifecycle"
)

// Names are derived from the prefix, the cluster's id and the mark of its secret, so that a retry finds existing policies
// and tokens, and never those of a former cluster with that id. Consul's ACLs have no conditional changes: a deletion
// names an id that no other cluster ever has.

var notInPolicyNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// policyName is "drover-cl-a1b2c3d4-" and the mark. A digest distinguishes names with characters that Consul does not
// allow.
func (a *Access) policyName(want lifecycle.Access) string {
	name := a.prefix + "-" + want.ClusterID
	if safe := notInPolicyNames.ReplaceAllString(name, "-"); safe != name || len(name) > 100 {
		sum := sha256.Sum256([]byte(New(a.client, a.prefix).clusterRoot(want.ClusterID)))
		name = safe[:min(len(safe), 100)] + "-" + hex.EncodeToString(sum[:4])
	}
	return name + "-" + want.Mark()
}

// accessor is the public id of a cluster's token.
func (a *Access) accessor(want lifecycle.Access) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("drover:consul-token:"+a.prefix+"/"+want.ClusterID+"/"+want.Mark())).String()
}

const describes = "what nodes of Drover's cluster read: "

func (a *Access) description(want lifecycle.Access) string {
	return describes + a.prefix + " " + want.ClusterID + " " + want.Mark()
}

// described parses the result of description.
func (a *Access) described(description string) (lifecycle.Grant, bool) {
	rest, ok := strings.CutPrefix(description, describes+a.prefix+" ")
	id, mark, _ := strings.Cut(rest, " ")
	return lifecycle.Grant{ClusterID: id, Mark: mark}, ok && checkName("cluster id", id) == nil
}

// rules are the text of a policy. "list" includes "read", also in a Consul that is configured to check lists separately.
func (a *Access) rules(want lifecycle.Access) string {
	type rule struct {
		Policy string `json:"policy"`
	}
	prefixes := map[string]rule{}
	for _, id := range append([]string{want.ClusterID}, want.Links...) {
		prefixes[New(a.client, a.prefix).clusterRoot(id)] = rule{"list"}
	}
	prefixes[New(a.client, a.prefix).beatsRoot(want.ClusterID)] = rule{"write"} // what its nodes report

	text, _ := json.Marshal(map[string]any{"key_prefix": prefixes}) // keys in order; cannot fail for texts
	return string(text)
}

// policy reads a cluster's policy; nil when it does not exist.
func (a *Access) policy(ctx context.Context, want lifecycle.Access) (*api.ACLPolicy, error) {
	policy, _, err := a.client.ACL().PolicyReadByName(a.policyName(want), (&api.QueryOptions{}).WithContext(ctx))
	if absent(err) {
		return nil, nil
	}
	return policy, failed(err, "read the Consul policy of cluster %s", want.ClusterID)
}

// token reads a cluster's token; nil when it does not exist.
func (a *Access) token(ctx context.Context, want lifecycle.Access) (*api.ACLToken, error) {
	token, _, err := a.client.ACL().TokenRead(a.accessor(want), (&api.QueryOptions{}).WithContext(ctx))
	if absent(err) {
		return nil, nil
	}
	return token, failed(err, "read the Consul token of cluster %s", want.ClusterID)
}

func (a *Access) putPolicy(ctx context.Context, want lifecycle.Access) (*api.ACLPolicy, error) {
	have, err := a.policy(ctx, want)
	if err != nil {
		return nil, err
	}
	write, rules := (&api.WriteOptions{}).WithContext(ctx), a.rules(want)
	switch {
	case have == nil:
		have, _, err = a.client.ACL().PolicyCreate(&api.ACLPolicy{
			Name: a.policyName(want), Description: a.description(want), Rules: rules,
		}, write)
	case have.Rules != rules || have.Description != a.description(want):
		have.Rules, have.Description = rules, a.description(want)
		have, _, err = a.client.ACL().PolicyUpdate(have, write)
	}
	if taken(err) || absent(err) {
		return nil, errRaced
	}
	return have, failed(err, "write the Consul policy of cluster %s", want.ClusterID)
}

func (a *Access) putToken(ctx context.Context, want lifecycle.Access, policy *api.ACLPolicy) error {
	have, err := a.token(ctx, want)
	if err != nil {
		return err
	}
	write := (&api.WriteOptions{}).WithContext(ctx)
	if have != nil && have.SecretID != want.Secret { // a secret cannot be changed
		if _, err := a.client.ACL().TokenDelete(have.AccessorID, write); err != nil && !absent(err) {
			return failed(err, "replace the Consul token of cluster %s", want.ClusterID)
		}
		have = nil
	}
	right := &api.ACLToken{
		AccessorID: a.accessor(want), SecretID: want.Secret, Description: a.description(want),
		Policies: []*api.ACLTokenPolicyLink{{ID: policy.ID}},
	}
	switch {
	case have == nil:
		_, _, err = a.client.ACL().TokenCreate(right, write)
	case !carries(have, policy) || have.Description != right.Description:
		_, _, err = a.client.ACL().TokenUpdate(right, write)
	}
	if taken(err) || absent(err) {
		return errRaced
	}
	return failed(err, "write the Consul token of cluster %s", want.ClusterID)
}

// carries reports whether a token has the policy and nothing else.
func carries(token *api.ACLToken, policy *api.ACLPolicy) bool {
	return len(token.Policies) == 1 && token.Policies[0].ID == policy.ID &&
		len(token.Roles)+len(token.ServiceIdentities)+len(token.NodeIdentities)+len(token.TemplatedPolicies) == 0
}
