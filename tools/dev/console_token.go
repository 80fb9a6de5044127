package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	consul "github.com/hashicorp/consul/api"

	"drover/durable"
	"drover/metadata/views"
	"drover/tests/stack"
)

// consolePolicy is the name of the policy of the console's token, and prefix that of Drover's keys.
const (
	consolePolicy = "drover-console"
	prefix        = "drover"
)

// consoleTokenFile has the token of the console.
func (d *dev) consoleTokenFile() string { return filepath.Join(d.options.Dir, "console-consul-token") }

// admit gives the console a token that reads the views of clusters and nothing else. It stays the same as long as the stack's data.
func (d *dev) admit(ctx context.Context, servers *stack.Stack) error {
	secret, err := secretIn(d.consoleTokenFile())
	if err != nil {
		return err
	}
	client, err := consul.NewClient(&consul.Config{Address: servers.ConsulURL, Token: d.options.ConsulToken})
	if err != nil {
		return err
	}
	return grant(ctx, client, secret)
}

// grant makes sure that a token with the policy of the console exists.
func grant(ctx context.Context, client *consul.Client, secret string) error {
	acl, read, write := client.ACL(), (&consul.QueryOptions{}).WithContext(ctx), (&consul.WriteOptions{}).WithContext(ctx)
	policy, _, err := acl.PolicyReadByName(consolePolicy, read)
	switch rules := views.Policy(prefix); {
	case err != nil:
	case policy == nil:
		_, _, err = acl.PolicyCreate(&consul.ACLPolicy{Name: consolePolicy, Rules: rules}, write) //nolint:forbidigo // of no cluster
	case policy.Rules != rules:
		policy.Rules = rules
		_, _, err = acl.PolicyUpdate(policy, write) //nolint:forbidigo // of no cluster
	}
	if err != nil {
		return err
	}
	read.Token = secret
	if _, _, err := acl.TokenReadSelf(read); err == nil {
		return nil
	}
	token := &consul.ACLToken{SecretID: secret, Policies: []*consul.ACLTokenPolicyLink{{Name: consolePolicy}}}
	_, _, err = acl.TokenCreate(token, write) //nolint:forbidigo // of no cluster
	return err
}

// secretIn is the token in a file of its owner alone; it is made up when there is none yet.
func secretIn(file string) (string, error) {
	token, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		token = []byte(uuid.NewString())
		err = durable.Replace(file, token, 0o600)
	}
	return strings.TrimSpace(string(token)), err
}
