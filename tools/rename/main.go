// Command rename (`make rename-module MODULE=example.org/drover`) gives the Go module another path: in go.mod files, in the imports of
// all Go files, and in the linter's settings. Nothing else names the module.
//
//	go run ./tools/rename [-dir FOLDER] PATH
//
// It changes files in place and keeps no copy: git has one.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

func main() {
	dir := flag.String("dir", ".", "the source tree")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: rename [-dir FOLDER] PATH")
		os.Exit(2)
	}
	n, err := rename(*dir, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "rename:", err)
		os.Exit(1)
	}
	fmt.Printf("%d files changed; next: make build check\n", n)
}

// rename gives the module in dir another path, and says how many files it changed.
func rename(dir, to string) (changed int, _ error) {
	if err := module.CheckImportPath(to); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return 0, err
	}
	from := modfile.ModulePath(text)
	if from == "" {
		return 0, fmt.Errorf("%s has no module path", filepath.Join(dir, "go.mod"))
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != dir && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		var edit func(text []byte, from, to string) ([]byte, error)
		switch {
		case d.Name() == "go.mod":
			edit = editMod
		case strings.HasSuffix(d.Name(), ".go"):
			edit = editImports
		case d.Name() == ".golangci.yml":
			edit = editLint
		default:
			return nil
		}
		before, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		after, err := edit(before, from, to)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if bytes.Equal(before, after) {
			return nil
		}
		changed++
		return os.WriteFile(path, after, 0o644)
	})
	return changed, err
}

// moved is a path of the module with its new beginning; false for another module's.
func moved(path, from, to string) (string, bool) {
	rest, ok := strings.CutPrefix(path, from)
	if !ok || rest != "" && rest[0] != '/' {
		return path, false
	}
	return to + rest, true
}

func editMod(text []byte, from, to string) ([]byte, error) {
	f, err := modfile.Parse("go.mod", text, nil)
	if err != nil || f.Module == nil {
		return text, err
	}
	path, ok := moved(f.Module.Mod.Path, from, to)
	if !ok {
		return text, nil
	}
	if err := f.AddModuleStmt(path); err != nil {
		return nil, err
	}
	return f.Format()
}

func editImports(text []byte, from, to string) ([]byte, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, "", text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	for i := len(f.Imports) - 1; i >= 0; i-- { // from the end: offsets before an edit stay
		at := f.Imports[i].Path
		path, err := strconv.Unquote(at.Value)
		if err != nil {
			return nil, err
		}
		if path, ok := moved(path, from, to); ok {
			begin := files.Position(at.Pos()).Offset
			text = append(text[:begin:begin], append([]byte(strconv.Quote(path)), text[begin+len(at.Value):]...)...)
		}
	}
	return text, nil
}

// editLint changes the lists of packages: an entry begins a list, follows a comma or a key.
func editLint(text []byte, from, to string) ([]byte, error) {
	entry := regexp.MustCompile(`(\[|, |pkg: |pkg: ')` + regexp.QuoteMeta(from) + `([/,\]$])`)
	for range 2 { // neighbours share a separator
		text = entry.ReplaceAll(text, []byte("${1}"+strings.ReplaceAll(to, "$", "$$")+"${2}"))
	}
	return text, nil
}
