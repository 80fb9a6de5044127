package conformance

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"drover/tests/conformance/trace"
)

// depths is how far down the tree the template of an image looks: /links/<name>/hosts/<role>/<instance>/reserved_ips/<name>/value.
const depths = 9

// resource makes the agent write every key a node can see into one file, and run the tracer when it changed.
const resource = `[template]
src = "seen.tmpl"
dest = "` + trace.SeenFile + `"
mode = "0644"
keys = ["/"]
reload_cmd = "` + trace.Program + " " + trace.Reload + `"
`

// makeImage makes a folder to lie over the root of nodes.
func makeImage(dir, name, tracer, collector string) error {
	var template strings.Builder
	for depth := 1; depth <= depths; depth++ {
		fmt.Fprintf(&template, "{{toJson (gets %q)}}\n", strings.Repeat("/*", depth))
	}
	for path, text := range map[string]string{
		"/etc/confd/conf.d/seen.toml": resource, "/etc/confd/templates/seen.tmpl": template.String(),
		trace.ImageFile: name, trace.CollectorFile: collector,
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return copyProgram(tracer, filepath.Join(dir, trace.Program))
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
