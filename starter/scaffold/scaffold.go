package scaffold

import (
	"bytes"
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"drover/fault"
)

//go:embed files
var files embed.FS

// names are what files are called after.
type names struct {
	Name, Role, Image string
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}[a-z0-9]$`)

// Write makes the folder dir with a package of that name, and gives the files it wrote, relative to it. A folder that exists
// must be empty.
func Write(dir, name string) ([]string, error) {
	if !validName.MatchString(name) {
		return nil, fault.New(fault.Invalid, "name %q: expected 2 to 32 lower-case letters, digits and dashes, beginning with a letter", name)
	}
	if old, err := os.ReadDir(dir); err == nil && len(old) > 0 {
		return nil, fault.New(fault.Conflict, "folder %s already exists and is not empty", dir).WithHint("choose another with --dir")
	}
	n := names{Name: name, Role: strings.ReplaceAll(name, "-", "_") + "_node", Image: name + "-1.0.0"}
	var written []string
	err := fs.WalkDir(files, "files", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		to := n.place(strings.TrimPrefix(path, "files/"))
		written = append(written, to)
		return n.write(filepath.Join(dir, to), string(text))
	})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "package %s cannot be written", name)
	}
	return written, nil
}

// place is where a file goes: the image has a name.
func (n names) place(path string) string {
	if rest, ok := strings.CutPrefix(path, "image/"); ok {
		return filepath.Join("images", n.Image, rest)
	}
	return path
}

// write fills in the names. The marks are not those of mustache and confd.
func (n names) write(path, text string) error {
	t, err := template.New(path).Delims("[[", "]]").Parse(text)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, n); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	return os.WriteFile(path, out.Bytes(), mode)
}
