package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// bindRole adds --role to a command that works on one role with its replicas.
func (a *app) bindRole(c *cobra.Command, role *string) {
	c.Flags().StringVar(role, "role", "", "the role, including its replicas; default: the only possible role")
	_ = c.RegisterFlagCompletionFunc("role", a.completeMasters)
}

// rolesOf are the roles of the cluster's application, also those without a node at present; none when its version is
// not published any more.
func rolesOf(ctx context.Context, server backend, clusterID string) ([]string, error) {
	cluster, err := clusterFor(ctx, server, clusterID)
	if err != nil {
		return nil, err
	}
	list, err := server.Apps(ctx)
	if err != nil {
		return nil, err
	}
	for _, app := range list.Apps {
		if app.App == cluster.App && app.Version == cluster.Version {
			return slices.Clone(app.Roles), nil
		}
	}
	return nil, nil
}

// isReplica goes by the suffix that is reserved for roles of replicas.
func isReplica(role string) bool { return strings.HasSuffix(role, "-replica") }
