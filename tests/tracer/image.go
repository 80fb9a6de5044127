package tracer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"drover/tests/stack/tree"
)

// depths is how far down the tree the template of an image looks: /links/<name>/hosts/<role>/<instance>/reserved_ips/<name>/value.
const depths = 9

// Image lies over the root of nodes.
type Image struct {
	Name    string
	Address string // of the server
	// Reloads runs the command Reload when what the node sees has changed.
	Reloads bool
	Files   map[string]string // more of it, by path
}

// Build builds the program of traced commands.
func Build() (string, error) {
	root, err := tree.Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, ".build", "bin", "tracer"), tree.Make(root, ".build/bin/tracer")
}

// Make writes the image into a folder. program is the one that Build built.
func (i Image) Make(dir, program string) error {
	var template strings.Builder
	for depth := 1; depth <= depths; depth++ {
		fmt.Fprintf(&template, "{{toJson (gets %q)}}\n", strings.Repeat("/*", depth))
	}
	resource := fmt.Sprintf("[template]\nsrc = \"seen.tmpl\"\ndest = %q\nmode = \"0644\"\nkeys = [\"/\"]\n", SeenFile)
	if i.Reloads {
		resource += fmt.Sprintf("reload_cmd = \"%s %s\"\n", Program, Reload)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	files := map[string]string{
		"/etc/confd/conf.d/seen.toml": resource, "/etc/confd/templates/seen.tmpl": template.String(),
		ImageFile: i.Name, CollectorFile: i.Address, Program: string(binary),
	}
	for path, text := range i.Files {
		files[path] = text
	}
	for path, text := range files {
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
