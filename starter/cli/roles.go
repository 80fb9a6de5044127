package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/operations"
)

// bindRole adds --role to a command that works on one role with its replicas.
func (a *app) bindRole(c *cobra.Command, role *string) {
	c.Flags().StringVar(role, "role", "", "the role, with its replicas; may be left out when the package has only one")
	_ = c.RegisterFlagCompletionFunc("role", a.completeMasters)
}

// fillRole fills in a role that was left out when the package has only one, and names the roles when it has more. What
// cannot be known here (an application that is not published any more) is the worker's to refuse.
func (a *app) fillRole(ctx context.Context, clusterID string, role *string) error {
	if *role != "" {
		return nil
	}
	server, err := a.server(ctx)
	if err != nil {
		return err
	}
	roles, err := rolesOf(ctx, server, clusterID)
	if err != nil {
		return err
	}
	masters := slices.DeleteFunc(roles, isReplica)
	switch len(masters) {
	case 0:
	case 1:
		*role = masters[0]
	default:
		return fault.New(fault.Invalid, "cluster %s has %d roles: say which with --role", clusterID, len(masters)).
			WithHint("one of %s", strings.Join(masters, ", "))
	}
	return nil
}

// rolesOf are the roles of the cluster's application, also those without a node at present; none when its version is
// not published any more.
func rolesOf(ctx context.Context, server *operations.Server, clusterID string) ([]string, error) {
	cluster, err := server.Cluster(ctx, clusterID)
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
