package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"drover/specs"
)

// script is every command of the application: it says that it began, waits until the harness opens its gate, and ends
// with the exit code that came through it.
const script = `#!/bin/sh
run="$1.$$.$(date +%s%N)"
mkfifo "/data/$run" || exit 90
echo "begin $run" >> /data/trace
code=
while [ -z "$code" ]; do read -r code < "/data/$run"; done
echo "end $run" >> /data/trace
exit "$code"
`

// config.json and cluster.json.mustache of the application.
const config = `{"type": "array", "properties": [
  {"key": "cluster", "type": "array", "properties": []},
  {"key": "env", "type": "array", "properties": [{"key": "level", "type": "integer", "default": 0, "required": "no"}]}
]}`

// services are all that operations run, and check, the package's own.
var services = []string{"init", "start", "stop", "restart", "destroy", "scale_out", "scale_in", "upgrade", "check"}

func template(policy string) (string, error) {
	type object = map[string]any
	defined := object{}
	for _, name := range services {
		defined[name] = object{"cmd": "/opt/chaos/command " + name, "timeout": 900}
	}
	defined["check"].(object)["type"] = "custom"
	text, err := json.MarshalIndent(object{
		"name": "chaos", "vxnet": "net", "env": object{"level": "<env.level>"},
		"advanced_actions": []string{"scale_horizontal"}, "upgrade_policy": []string{"1"}, "upgrading_policy": policy,
		"nodes": []object{{
			"role": "a", "count": nodeCount, "cpu": 1, "memory": 256, "services": defined,
			"container": object{"type": "local", "image": "chaos"}, "vertical_scaling_policy": policy,
			"volume": object{"size": 1, "mount_point": "/data"},
		}},
	}, "", "  ")
	return strings.NewReplacer(`"<`, "{{", `>"`, "}}", `"\u003c`, "{{", `\u003e"`, "}}").Replace(string(text)), err
}

// nodeCount is how many nodes a cluster begins with.
const nodeCount = 2

// archive is an application as it is published; policy is that of upgrades and vertical scaling.
func archive(dir, policy string) ([]byte, error) {
	cluster, err := template(policy)
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"config.json": config, "cluster.json.mustache": cluster} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	pkg, err := specs.Open(dir)
	if err != nil {
		return nil, err
	}
	return pkg.Archive()
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

// makeImage makes the image of its nodes; an agent renders a file, so that barriers have something to wait for.
func makeImage(dir string) error {
	for path, text := range map[string]string{
		"opt/chaos/command": script,
		"etc/confd/conf.d/level.toml": "[template]\nsrc = \"level.tmpl\"\ndest = \"" + levelFile + "\"\nkeys = [\"/\"]\n" +
			"reload_cmd = \"true\"\n",
		"etc/confd/templates/level.tmpl": "{{getv \"/env/level\"}}\n",
		"etc/confd/conf.d/tree.toml":     "[template]\nsrc = \"tree.tmpl\"\ndest = \"" + treeFile + "\"\nkeys = [\"/\"]\n",
		"etc/confd/templates/tree.tmpl":  treeTemplate(),
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}
