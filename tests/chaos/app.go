package chaos

import (
	"fmt"
	"strings"

	"drover/tests/apps/builder"
	"drover/tests/tracer"
)

// services are all that operations run, and check, the package's own.
var services = []string{"init", "start", "stop", "restart", "destroy", "scale_out", "scale_in", "upgrade", "check"}

// nodeCount is how many nodes a cluster begins with.
const nodeCount = 2

// archive is an application as it is published; policy is that of upgrades and vertical scaling.
func archive(policy string) ([]byte, error) {
	a := builder.NewRole("a", nodeCount).Boots("local", "chaos").Set("vertical_scaling_policy", policy)
	for _, name := range services {
		service := builder.Object{"cmd": tracer.Program + " " + name, "timeout": 900}
		if name == "check" {
			service["type"] = "custom"
		}
		a = a.Service(name, service)
	}
	return builder.New("chaos", a).Scalable().UpgradesFrom("1").Set("upgrading_policy", policy).
		Items("env", builder.Item("level", "integer", 0)).Set("env", builder.Object{"level": "<env.level>"}).Archive()
}

// treeFile is rendered from everything that nodes can see of their cluster.
const (
	treeFile  = "/etc/tree"
	levelFile = "/etc/level"
)

func treeTemplate() string {
	var text strings.Builder
	for _, keys := range []string{
		"/cluster/*", "/env/*", "/hosts/*/*/*", "/adding-hosts/*/*/*", "/deleting-hosts/*/*/*", "/vertical-scaling-roles", "/upgrade-audit/*",
	} {
		fmt.Fprintf(&text, "{{range gets %q}}{{.Key}} = {{.Value}}\n{{end}}", keys)
	}
	return text.String()
}

// image is that of its nodes; an agent renders files, so that barriers have something to wait for.
func image(collector string) tracer.Image {
	return tracer.Image{Name: "chaos", Address: collector, Files: map[string]string{
		"etc/confd/conf.d/level.toml": "[template]\nsrc = \"level.tmpl\"\ndest = \"" + levelFile + "\"\nkeys = [\"/\"]\n" +
			"reload_cmd = \"true\"\n",
		"etc/confd/templates/level.tmpl": "{{getv \"/env/level\"}}\n",
		"etc/confd/conf.d/tree.toml":     "[template]\nsrc = \"tree.tmpl\"\ndest = \"" + treeFile + "\"\nkeys = [\"/\"]\n",
		"etc/confd/templates/tree.tmpl":  treeTemplate(),
	}}
}
