package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/tests/apps/builder"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// object is a piece of cluster.json.
type object = builder.Object

// tracedApp is an application whose every command is the tracer.
type tracedApp struct {
	id string
	*builder.App
}

func newApp(roles ...builder.Role) *tracedApp {
	return &tracedApp{"traced-" + activities.RandomID(), builder.New("traced", roles...).
		Items("cluster", builder.Item("upstream", "service", "")).
		Items("env", builder.Item("level", "string", "low"), builder.Item("port", "integer", 4000), builder.Item("fixed", "string", "stays", "changeable=false")).
		Items("service_params", builder.Item("depth", "integer", 3), builder.Item("note", "string", "")).
		Text("err_code77", "the data is still needed").
		With(object{
			"env":       object{"level": "<env.level>", "port": "<env.port>", "fixed": "<env.fixed>"},
			"links":     object{"upstream": "<cluster.upstream>"},
			"endpoints": object{"front": object{"port": "env.port", "protocol": "tcp"}},
		})}
}

// with adds keys of cluster.json.
func (a *tracedApp) with(more object) *tracedApp {
	a.With(more)
	return a
}

// traced is a command that reports under a name.
func traced(name string) string { return tracer.Program + " " + name }

// role is one entry of nodes; services are those of builder.Role.Runs.
func role(name string, count int, services ...string) builder.Role {
	return builder.NewRole(name, count).Boots("local", images[0]).Runs(tracer.Program, services...)
}

// and adds keys to a role.
func and(r builder.Role, more object) builder.Role {
	for key, value := range more {
		r = r.Set(key, value)
	}
	return r
}

// publish makes the application available under a version.
func (a *tracedApp) publish(t *testing.T, version string) {
	t.Helper()
	archive, err := a.Archive()
	require.NoError(t, err)
	_, err = execute[api.AppView](t, "app/"+a.id+"/"+version, api.PublishApp,
		api.PublishAppInput{App: a.id, Version: version, Archive: archive})
	require.NoError(t, err)
}
