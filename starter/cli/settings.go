package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) appsShow() *cobra.Command {
	var version string
	c := &cobra.Command{
		Use:   "show APP",
		Short: "Show the settings and services of an application",
		Long: `Show the settings of a published version with types, ranges and defaults, and its services with
their parameters. Services are shown as the package defines them with its defaults.`,
		Example:           "  drover apps show etcd\n  drover apps show etcd --version 3.5 -o json",
		Args:              exactly("APP"),
		ValidArgsFunction: a.completeApps,
	}
	c.Flags().StringVar(&version, "version", "", "version of the application (default: the one that create takes)")
	_ = c.RegisterFlagCompletionFunc("version", a.completeVersions(anyVersion))
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		app, err := server.App(ctx, args[0], version)
		if err != nil {
			return output.Output{}, err
		}
		why := app.Version
		if app.Why != "" {
			why += " (" + app.Why + ")"
		}
		about := output.Fields{{"app", app.App}, {"version", why}, {"published", app.PublishedAt}, {"roles", roles(app.Roles)}}
		if app.Yanked != "" {
			about = append(about, output.Field{"yanked", app.Yanked + ": no further cluster gets the version"})
		}
		return output.Output{Value: app, Blocks: []output.Block{
			about, settingsTable(app.Settings, false), servicesTable(app.Services),
		}}, nil
	})
	return c
}

func (a *app) envGet() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "get CLUSTER [KEY]",
		Short: "Show the values in force of a cluster",
		Long: `Show the parameters of a cluster's application that drover env set can change, with the values in
force. --all shows the other settings too. With KEY, its value alone is printed. Passwords are hidden.`,
		Example:           "  drover env get cl-a1b2c3d4\n  drover env get cl-a1b2c3d4 quota\n  drover env get cl-a1b2c3d4 --all -o json",
		Args:              envGetArgs,
		ValidArgsFunction: a.completeSettings,
	}
	c.Flags().BoolVar(&all, "all", false, "show settings that cannot be changed too")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		if err := clusterArg(args[0]); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		values, err := server.Values(ctx, args[0])
		if err != nil {
			return output.Output{}, err
		}
		if len(args) == 2 {
			s := settingNamed(values.Settings, args[1])
			if s == nil {
				return output.Output{}, fault.New(fault.NotFound, "%s %s has no setting %q", values.App, values.Version, args[1]).
					WithHint("list the settings with: drover env get %s --all", args[0])
			}
			return output.Output{Value: s, Blocks: []output.Block{output.Lines{s.Value}}}, nil
		}
		if !all {
			values.Settings = changeable(values.Settings)
		}
		table := settingsTable(values.Settings, true)
		table.Empty = "No setting can be changed; --all shows the others."
		return output.Output{Value: values, Blocks: []output.Block{table}}, nil
	})
	return c
}

func envGetArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 2 {
		return nil
	}
	return exactly("CLUSTER")(cmd, args)
}

// settingNamed finds a setting by its path; cluster. and env. may be left out.
func settingNamed(settings []api.Setting, name string) *api.Setting {
	for _, path := range []string{name, "cluster." + name, belowEnv(name)} {
		for i := range settings {
			if settings[i].Path == path {
				return &settings[i]
			}
		}
	}
	return nil
}

func changeable(settings []api.Setting) []api.Setting {
	out := []api.Setting{}
	for _, s := range settings {
		if s.Changeable {
			out = append(out, s)
		}
	}
	return out
}

func settingsTable(settings []api.Setting, values bool) output.Table {
	t := output.Table{Header: []string{"setting", "default", "allowed", "remark"}, Empty: "No settings."}
	if values {
		t.Header = []string{"setting", "value", "default", "allowed", "remark"}
	}
	for _, s := range settings {
		var remarks []string
		if s.Required {
			remarks = append(remarks, "required")
		}
		if s.Changeable && !values {
			remarks = append(remarks, "changeable")
		}
		if s.Label != "" {
			remarks = append(remarks, s.Label)
		}
		row := []string{s.Path, s.Default, s.Allowed, output.Joined(strings.Join(remarks, "; "))}
		if values {
			row = append([]string{s.Path, s.Value}, row[1:]...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func servicesTable(services []api.ServiceView) output.Table {
	t := output.Table{Header: []string{"service", "role", "order", "timeout", "parameters"}, Empty: "No services."}
	for _, s := range services {
		name := s.Name
		if s.Custom {
			name += " (drover run)"
		}
		var params []string
		for _, p := range s.Parameters {
			text := p.Path + ": " + p.Allowed
			if p.Default != "" {
				text += ", default " + p.Default
			}
			params = append(params, text)
		}
		t.Rows = append(t.Rows, []string{name, s.Role, fmt.Sprint(s.Order), fmt.Sprintf("%d s", s.TimeoutSec), strings.Join(params, "\n")})
	}
	return t
}
