package specs

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"drover/fault"
)

// Package is an application package as it was found. Its content may be invalid: Lint reports it, Render rejects it.
type Package struct {
	// Source says where it came from, for messages.
	Source string
	Config *Config
	// Template is the text of cluster.json.mustache.
	Template string
	// Locales are the texts of locale/<language>.json by language and key.
	Locales map[string]map[string]string

	files       files
	configDiags Diagnostics
	localeDiags Diagnostics
}

// files are the contents of a package's files by slash-separated name.
type files map[string][]byte

// wanted says whether a package's file is read (and published); everything else in it, images for example, is not.
func wanted(name string) bool {
	if name == ConfigFile || name == TemplateFile {
		return true
	}
	dir, base, ok := strings.Cut(name, "/")
	return ok && dir == "locale" && !strings.Contains(base, "/") && strings.HasSuffix(base, ".json") && !strings.HasPrefix(base, ".")
}

// Open reads a package from a folder or an archive (tar, tar.gz, tar.bz2, zip; told by content, not by name). It fails
// when there is no package to look at; wrong content is reported by Lint and Render.
func Open(path string) (*Package, error) {
	info, err := os.Stat(path)
	if os.IsNotExist(err) {
		return nil, fault.New(fault.NotFound, "package %s: no such folder or archive", path)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "package %s cannot be read", path)
	}
	if info.IsDir() {
		f, err := readFolder(path)
		if err != nil {
			return nil, err
		}
		return newPackage(path, f)
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Invalid, "package %s is not a folder or file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "package %s cannot be read", path)
	}
	defer f.Close()
	return FromArchive(path, f)
}

// newPackage makes a package of its files.
func newPackage(source string, f files) (*Package, error) {
	var missing []string
	for _, name := range []string{ConfigFile, TemplateFile} {
		if _, ok := f[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "package %s has no %s", source, strings.Join(missing, " and no ")).
			WithHint("use a folder or archive with %s and %s at its top level", ConfigFile, TemplateFile)
	}
	if err := f.check(); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "package %s rejected", source)
	}
	p := &Package{Source: source, Template: string(f[TemplateFile]), files: f}
	p.Config, p.configDiags = parseConfig(f[ConfigFile])
	p.Locales, p.localeDiags = parseLocales(f)
	return p, nil
}

// WithTemplate is the same package with another cluster.json.mustache.
func (p *Package) WithTemplate(text string) (*Package, error) {
	f := maps.Clone(p.files)
	f[TemplateFile] = []byte(text)
	return newPackage(p.Source, f)
}

// check says whether there is too much to read.
func (f files) check() error {
	size := 0
	for _, text := range f {
		size += len(text)
	}
	switch locales := len(f) - 2; {
	case locales > maxLocales:
		return fmt.Errorf("%d files in locale; at most %d", locales, maxLocales)
	case size > maxFiles:
		return fmt.Errorf("its files have %d bytes together; at most %d MiB", size, maxFiles>>20)
	}
	return nil
}

// readFolder reads the wanted files of a folder.
func readFolder(dir string) (files, error) {
	out := files{}
	names := []string{ConfigFile, TemplateFile}
	locales, err := filepath.Glob(filepath.Join(escapeGlob(dir), "locale", "*.json"))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "package %s cannot be read", dir)
	}
	for _, l := range locales {
		names = append(names, "locale/"+filepath.Base(l))
	}
	for _, name := range names {
		if !wanted(name) {
			continue
		}
		text, err := readFile(filepath.Join(dir, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "package %s: %s cannot be read", dir, name)
		}
		out[name] = text
	}
	return out, nil
}

// escapeGlob makes a folder's own name literal in a glob pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f)
}

// readLimited reads all, up to maxFile.
func readLimited(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if n > maxFile {
		return nil, fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return b.Bytes(), nil
}
