package confd

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"drover/agent/api"
	"drover/fault"
)

// Noop renders everything and reports, as text for people, what a pass would change: unified diffs, modes, and the
// commands that would run. It writes nothing and runs nothing. Result has the warnings and how many files would change.
func (e *Engine) Noop(ctx context.Context, kv map[string]string) (string, Result, error) {
	var (
		out     strings.Builder
		result  Result
		reloads []string
	)
	warnings, err := e.differing(ctx, kv, func(r *resource, d dest, content []byte) error {
		if err := describe(&out, d, content); err != nil {
			return err
		}
		result.Changed++
		if r.reload != "" && !slices.Contains(reloads, r.reload) {
			reloads = append(reloads, r.reload)
		}
		return nil
	})
	if err != nil {
		return "", Result{}, err
	}
	result.Warnings = warnings
	for _, line := range reloads {
		fmt.Fprintf(&out, "# would run: %s\n", line)
	}
	return out.String(), result, nil
}

// Changes renders everything and gives the files that a pass would replace, without their contents. It writes nothing and runs
// nothing. Warnings are the resources that cannot be rendered.
func (e *Engine) Changes(ctx context.Context, kv map[string]string) (files []api.PreviewFile, warnings []api.Warning, _ error) {
	warnings, err := e.differing(ctx, kv, func(r *resource, d dest, _ []byte) error {
		files = append(files, api.PreviewFile{Resource: r.name, Dest: d.path, New: !d.exists && !d.symlink, Reload: r.reload})
		return nil
	})
	return files, warnings, err
}

// differing calls found with every destination that is not what its resource renders to.
func (e *Engine) differing(ctx context.Context, kv map[string]string, found func(r *resource, d dest, content []byte) error) (warnings []api.Warning, _ error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	warn := func(name, what string, err error) {
		warnings = append(warnings, api.Warning{Resource: name, What: what, Message: err.Error()})
	}
	if _, err := e.resources.refresh(); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot read the configuration")
	}
	for _, name := range e.resources.order {
		if entry := e.resources.files[name]; entry.err != nil {
			warn(name, "parse", entry.err)
		}
	}
	tree := NewTree(kv)
	active, _ := e.resources.active()
	for _, r := range active {
		content, err := e.renderInto(r, tree.Narrow(r.keys))
		if err != nil {
			warn(r.name, "render", err)
			continue
		}
		d, err := e.examine(r, content)
		if err == nil && d.changed {
			err = found(r, d, content)
		}
		if err != nil {
			warn(r.name, "write", err)
		}
	}
	return warnings, nil
}

func describe(out *strings.Builder, d dest, content []byte) error {
	oldName, before := "/dev/null", ""
	if d.exists {
		text, err := os.ReadFile(d.path)
		if err != nil {
			return err
		}
		oldName, before = d.path, string(text)
	}
	diff := unified(oldName, d.path, before, string(content))
	if diff == "" && !d.exists {
		fmt.Fprintf(out, "# would create %s, empty\n", d.path)
	}
	if d.symlink {
		fmt.Fprintf(out, "# would replace the symbolic link %s by a file\n", d.path)
	}
	if d.exists && d.perm != d.oldPerm {
		fmt.Fprintf(out, "# would change the mode of %s from %04o to %04o\n", d.path, d.oldPerm, d.perm)
	}
	if d.exists && diff == "" && d.perm == d.oldPerm {
		fmt.Fprintf(out, "# would change the owner of %s to %d:%d\n", d.path, d.uid, d.gid)
	}
	out.WriteString(diff)
	return nil
}
