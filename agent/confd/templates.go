package confd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"text/template/parse"
	"time"
)

// templates compiles the files of templates/ and keeps each until the file changes.
type templates struct {
	dir    string
	scope  *scope
	funcs  template.FuncMap
	loaded map[string]*compiled
	limit  time.Duration // of one run
}

type compiled struct {
	id   fileID
	tmpl *template.Template
	err  error
	used bool
}

func newTemplates(dir string, s *scope) *templates {
	t := &templates{dir: dir, scope: s, funcs: s.functions(), loaded: map[string]*compiled{}, limit: maxTime}
	s.load = t.load
	return t
}

// path of a template: always below the folder, whatever name says.
func (t *templates) path(name string) string {
	return filepath.Join(t.dir, filepath.Clean("/"+name))
}

func (t *templates) load(name string) (*template.Template, error) {
	path := t.path(name)
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		t.loaded[path] = &compiled{err: err, used: true}
		return nil, err
	}
	id := idOf(info)
	if c := t.loaded[path]; c != nil && c.id == id {
		c.used = true
		return c.tmpl, c.err
	}
	c := &compiled{id: id, used: true}
	t.loaded[path] = c
	if info.Size() > maxValue {
		c.err = fmt.Errorf("%s is larger than %d MiB", path, maxValue>>20)
		return nil, c.err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		c.id, c.err = fileID{}, err
		return nil, err
	}
	c.tmpl, c.err = t.compile(name, string(text))
	return c.tmpl, c.err
}

func (t *templates) compile(name, text string) (*template.Template, error) {
	tmpl, err := template.New(name).Funcs(t.funcs).Parse(text)
	if err != nil {
		return nil, err
	}
	for _, part := range tmpl.Templates() {
		if part.Tree != nil {
			if err := refuseBareSeq(part.Tree, part.Root); err != nil {
				return nil, err
			}
		}
	}
	return tmpl, t.count(tmpl)
}

// render executes a template over the tree into out.
func (t *templates) render(name string, tree *Tree, out *bytes.Buffer) error {
	tmpl, err := t.load(name)
	if err != nil {
		return err
	}
	t.scope.tree, t.scope.stack = tree, append(t.scope.stack[:0], tmpl)
	defer func() { t.scope.tree, t.scope.stack = nil, t.scope.stack[:0] }()
	t.scope.usage = usage{ctx: t.scope.usage.ctx, end: time.Now().Add(t.limit)}
	return plain(tmpl.Execute(&bounded{out, maxFile}, nil))
}

// forget drops what no resource used since the last call.
func (t *templates) forget() {
	for path, c := range t.loaded {
		if !c.used {
			delete(t.loaded, path)
		}
		c.used = false
	}
}

// refuseBareSeq keeps `{{seq 1 3}}` the error it is for packages today (they know no seq): a list of numbers is for
// range, index or a variable, and its printed form "[1 2 3]" is never what a configuration file wants.
func refuseBareSeq(tree *parse.Tree, node parse.Node) error {
	var lists []*parse.ListNode
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, child := range n.Nodes {
			if err := refuseBareSeq(tree, child); err != nil {
				return err
			}
		}
	case *parse.IfNode:
		lists = []*parse.ListNode{n.List, n.ElseList}
	case *parse.RangeNode:
		lists = []*parse.ListNode{n.List, n.ElseList}
	case *parse.WithNode:
		lists = []*parse.ListNode{n.List, n.ElseList}
	case *parse.ActionNode:
		last := n.Pipe.Cmds[len(n.Pipe.Cmds)-1]
		if name, ok := last.Args[0].(*parse.IdentifierNode); ok && name.Ident == "seq" && len(n.Pipe.Decl) == 0 {
			place, action := tree.ErrorContext(n)
			return fmt.Errorf("template: %s: %s: the list of seq cannot be printed; use it in range", place, action)
		}
	}
	for _, list := range lists {
		if err := refuseBareSeq(tree, list); err != nil {
			return err
		}
	}
	return nil
}
