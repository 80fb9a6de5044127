package chaos

import (
	"fmt"
	"strings"

	"drover/tests/apps/builder"
	"drover/tests/tracer"
)

// services are all services that operations run, and check, the custom service of the package.
var services = []string{"init", "start", "stop", "restart", "destroy", "scale_out", "scale_in", "upgrade", "check"}

// nodeCount is the number of nodes of a new cluster.
const nodeCount = 2

// archive is the published application; policy is the policy of upgrades and vertical scaling.
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

// treeFile is rendered from all metadata of the cluster.
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

// image is the image of the nodes; an agent renders files, so that barriers have to wait.
func image(collector string) tracer.Image {
	return tracer.Image{Name: "chaos", Address: collector, Files: map[string]string{
		"etc/confd/conf.d/level.toml": "[template]\nsrc = \"level.tmpl\"\ndest = \"" + levelFile + "\"\nkeys = [\"/\"]\n" +
			"reload_cmd = \"true\"\n",
		"etc/confd/templates/level.tmpl": "{{getv \"/env/level\"}}\n",
		"etc/confd/conf.d/tree.toml":     "[template]\nsrc = \"tree.tmpl\"\ndest = \"" + treeFile + "\"\nkeys = [\"/\"]\n",
		"etc/confd/templates/tree.tmpl":  treeTemplate(),
	}}
}
