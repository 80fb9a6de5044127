package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"drover/tests/conformance"
)

// proof is a test that proves a step.
type proof struct{ folder, test string }

// scan finds the tests of all packages that name steps. A step that does not exist is an error that names the test.
func scan(root string, procedures []conformance.Procedure) (map[string][]proof, error) {
	s := scanner{proofs: map[string][]proof{}}
	for _, p := range procedures {
		for _, step := range p.Steps {
			s.ids = append(s.ids, step.ID)
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(d.Name(), "_test.go"):
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		return s.file(path, strings.TrimPrefix(filepath.ToSlash(folder), "tests/"))
	})
	if err != nil {
		return nil, err
	}
	if len(s.unknown) > 0 {
		return nil, fmt.Errorf("tests name steps that conformance/steps.go does not know:\n%s", strings.Join(s.unknown, "\n"))
	}
	return s.proofs, nil
}

type scanner struct {
	ids     []string // in the order of the page
	proofs  map[string][]proof
	unknown []string
}

func (s *scanner) file(path, folder string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") {
			continue
		}
		ids := slices.Concat(s.named(strings.TrimPrefix(fn.Name.Name, "Test")), s.marked(fn.Doc, folder+" "+fn.Name.Name))
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			s.proofs[id] = append(s.proofs[id], proof{folder, fn.Name.Name})
		}
	}
	return nil
}

var idInName = regexp.MustCompile(`^(?:[A-Z]{1,2}[0-9]+b?)(?:$|[A-Z_]|to[A-Z]|and[A-Z])`)

// named are the steps a test's name begins with: ids joined by _, "and" or "to" (a range).
func (s *scanner) named(name string) []string {
	var ids []string
	from := -1
	for idInName.MatchString(name) {
		end := strings.IndexAny(name, "0123456789")
		for end < len(name) && (name[end] >= '0' && name[end] <= '9') {
			end++
		}
		if end < len(name) && name[end] == 'b' {
			end++
		}
		at := slices.Index(s.ids, name[:end])
		if at < 0 {
			break // a word that only looks like an id
		}
		if from >= 0 && from < at {
			ids = append(ids, s.ids[from+1:at]...)
		}
		ids, name, from = append(ids, s.ids[at]), name[end:], -1
		switch {
		case strings.HasPrefix(name, "to"):
			name, from = name[2:], at
		case strings.HasPrefix(name, "and"):
			name = name[3:]
		default:
			name = strings.TrimPrefix(name, "_")
		}
	}
	return ids
}

// marked are the steps of "step:" lines in a test's comment.
func (s *scanner) marked(doc *ast.CommentGroup, who string) []string {
	var ids []string
	for line := range strings.Lines(doc.Text()) {
		list, ok := strings.CutPrefix(strings.TrimSpace(line), "step:")
		if !ok {
			continue
		}
		for _, id := range strings.Fields(list) {
			if !slices.Contains(s.ids, id) {
				s.unknown = append(s.unknown, who+": "+id)
				continue
			}
			ids = append(ids, id)
		}
	}
	return ids
}
