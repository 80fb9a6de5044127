package confd

import (
	"bytes"
	"context"
	"fmt"

	"drover/agent/api"
	"drover/fault"
)

// File is what a resource renders to.
type File struct {
	// Resource is the resource file below conf.d; Dest is the path of the content on a node.
	Resource string `json:"resource"`
	Dest     string `json:"dest"`
	// Mode is octal; "" leaves that of an existing file.
	Mode    string `json:"mode,omitempty"`
	Content string `json:"content"`
	Reload  string `json:"reload_cmd,omitempty"`
}

// Preview renders every resource in memory. Warnings are the resources that cannot be rendered. It looks at no destination,
// writes nothing and runs nothing.
func (e *Engine) Preview(ctx context.Context, kv map[string]string) ([]File, []api.Warning, error) {
	if err := e.enter(ctx); err != nil {
		return nil, nil, err
	}
	defer e.leave()
	if _, err := e.resources.refresh(); err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "cannot read the configuration")
	}
	var files []File
	var warnings []api.Warning
	for _, name := range e.resources.order {
		if entry := e.resources.files[name]; entry.err != nil {
			warnings = append(warnings, api.Warning{Resource: name, What: "parse", Message: entry.err.Error()})
		}
	}
	tree := NewTree(kv)
	active, _ := e.resources.active()
	for _, r := range active {
		content, err := e.renderInto(r, tree.Narrow(r.keys))
		if err != nil {
			warnings = append(warnings, api.Warning{Resource: r.name, What: "render", Message: err.Error()})
			continue
		}
		f := File{Resource: r.name, Dest: r.dest, Content: string(bytes.Clone(content)), Reload: r.reload}
		if r.mode != nil {
			f.Mode = fmt.Sprintf("%04o", *r.mode)
		}
		files = append(files, f)
	}
	return files, warnings, nil
}
