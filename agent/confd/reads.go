package confd

import (
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
)

// readers are the functions whose first argument is a key, or a pattern of keys.
var readers = []string{"exists", "get", "gets", "getv", "getvs", "ls", "lsdir"}

// read is a key that a template reads, as far as it is written there, and its line.
type read struct {
	key  string
	line int
}

// reads lists the keys that a template reads by name. A key that is put together while it runs counts up to its first
// variable part, and not at all when it begins with one.
func reads(tmpl *template.Template) []read {
	var out []read
	for _, part := range tmpl.Templates() {
		if part.Tree != nil {
			walk(part.Root, func(c *parse.CommandNode) {
				if key, at := keyOf(c); key != "" {
					out = append(out, read{key, lineOf(part.Tree, at)})
				}
			})
		}
	}
	return out
}

// keyOf is the key of `getv "/a"` and the fixed beginning of that of `getv (printf "/a/%s" .)`.
func keyOf(c *parse.CommandNode) (string, parse.Node) {
	name, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok || !slices.Contains(readers, name.Ident) || len(c.Args) < 2 {
		return "", nil
	}
	switch arg := c.Args[1].(type) {
	case *parse.StringNode:
		return arg.Text, arg
	case *parse.PipeNode:
		first := arg.Cmds[0]
		if format, ok := first.Args[0].(*parse.IdentifierNode); !ok || format.Ident != "printf" || len(arg.Cmds) > 1 || len(first.Args) < 2 {
			return "", nil
		}
		if text, ok := first.Args[1].(*parse.StringNode); ok {
			fixed, _, variable := strings.Cut(text.Text, "%")
			if variable {
				fixed = fixed[:strings.LastIndex(fixed, "/")+1] // the last part is not complete
			}
			return fixed, text
		}
	}
	return "", nil
}

// walk visits every command of a template.
func walk(node parse.Node, visit func(*parse.CommandNode)) {
	branch := func(pipe *parse.PipeNode, lists ...*parse.ListNode) {
		walk(pipe, visit)
		for _, list := range lists {
			if list != nil {
				walk(list, visit)
			}
		}
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.IfNode:
		branch(n.Pipe, n.List, n.ElseList)
	case *parse.RangeNode:
		branch(n.Pipe, n.List, n.ElseList)
	case *parse.WithNode:
		branch(n.Pipe, n.List, n.ElseList)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			visit(command)
			for _, arg := range command.Args {
				walk(arg, visit)
			}
		}
	}
}

// lineOf is the line in "NAME:LINE:COLUMN".
func lineOf(tree *parse.Tree, node parse.Node) int {
	place, _ := tree.ErrorContext(node)
	parts := strings.Split(place, ":")
	line, _ := strconv.Atoi(parts[max(0, len(parts)-2)]) // 0: unknown
	return line
}
