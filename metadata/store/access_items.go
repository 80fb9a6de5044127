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

// Names are made from the prefix and the cluster's id alone, so that whoever does it again finds what was done.

var notInPolicyNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// policyName is "drover-cl-a1b2c3d4". What cannot be part of such a name is told apart by a digest.
func (a *Access) policyName(clusterID string) string {
	root := New(a.client, a.prefix).clusterRoot(clusterID)
	name := a.prefix + "-" + clusterID
	if safe := notInPolicyNames.ReplaceAllString(name, "-"); safe != name || len(name) > 100 {
		sum := sha256.Sum256([]byte(root))
		name = safe[:min(len(safe), 100)] + "-" + hex.EncodeToString(sum[:4])
	}
	return name
}

// accessor is the public half of a token.
func (a *Access) accessor(clusterID string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("drover:consul-token:"+a.prefix+"/"+clusterID)).String()
}

const describes = "what nodes of Drover's cluster read: "

func (a *Access) description(clusterID string) string { return describes + a.prefix + " " + clusterID }

// clusterOf is the other way round.
func (a *Access) clusterOf(description string) (string, bool) {
	id, ok := strings.CutPrefix(description, describes+a.prefix+" ")
	return id, ok && checkName("cluster id", id) == nil
}

// rules are a policy's text. "list" is "read" also where Consul is told to check listing apart.
func (a *Access) rules(want lifecycle.Access) string {
	type rule struct {
		Policy string `json:"policy"`
	}
	prefixes := map[string]rule{}
	for _, id := range append([]string{want.ClusterID}, want.Links...) {
		prefixes[New(a.client, a.prefix).clusterRoot(id)] = rule{"list"}
	}
	text, _ := json.Marshal(map[string]any{"key_prefix": prefixes}) // keys in order; of texts alone
	return string(text)
}

// policy reads a cluster's policy; nil when there is none.
func (a *Access) policy(ctx context.Context, clusterID string) (*api.ACLPolicy, error) {
	policy, _, err := a.client.ACL().PolicyReadByName(a.policyName(clusterID), (&api.QueryOptions{}).WithContext(ctx))
	if absent(err) {
		return nil, nil
	}
	return policy, failed(err, "read the Consul policy of cluster %s", clusterID)
}

// token reads a cluster's token; nil when there is none.
func (a *Access) token(ctx context.Context, clusterID string) (*api.ACLToken, error) {
	token, _, err := a.client.ACL().TokenRead(a.accessor(clusterID), (&api.QueryOptions{}).WithContext(ctx))
	if absent(err) {
		return nil, nil
	}
	return token, failed(err, "read the Consul token of cluster %s", clusterID)
}

func (a *Access) putPolicy(ctx context.Context, want lifecycle.Access) (*api.ACLPolicy, error) {
	have, err := a.policy(ctx, want.ClusterID)
	if err != nil {
		return nil, err
	}
	write, rules := (&api.WriteOptions{}).WithContext(ctx), a.rules(want)
	switch {
	case have == nil:
		have, _, err = a.client.ACL().PolicyCreate(&api.ACLPolicy{
			Name: a.policyName(want.ClusterID), Description: a.description(want.ClusterID), Rules: rules,
		}, write)
	case have.Rules != rules:
		have.Rules = rules
		have, _, err = a.client.ACL().PolicyUpdate(have, write)
	}
	if taken(err) || absent(err) {
		return nil, errRaced
	}
	return have, failed(err, "write the Consul policy of cluster %s", want.ClusterID)
}

func (a *Access) putToken(ctx context.Context, want lifecycle.Access, policy *api.ACLPolicy) error {
	have, err := a.token(ctx, want.ClusterID)
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
	switch {
	case have == nil:
		_, _, err = a.client.ACL().TokenCreate(&api.ACLToken{
			AccessorID: a.accessor(want.ClusterID), SecretID: want.Secret, Description: a.description(want.ClusterID),
			Policies: []*api.ACLTokenPolicyLink{{ID: policy.ID}},
		}, write)
	case !carries(have, policy):
		have.Policies = []*api.ACLTokenPolicyLink{{ID: policy.ID}}
		_, _, err = a.client.ACL().TokenUpdate(have, write)
	}
	if taken(err) || absent(err) {
		return errRaced
	}
	return failed(err, "write the Consul token of cluster %s", want.ClusterID)
}

// carries says whether a token gives the policy and nothing else.
func carries(token *api.ACLToken, policy *api.ACLPolicy) bool {
	return len(token.Policies) == 1 && token.Policies[0].ID == policy.ID &&
		len(token.Roles)+len(token.ServiceIdentities)+len(token.NodeIdentities)+len(token.TemplatedPolicies) == 0
}
