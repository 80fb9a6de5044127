package confd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"drover/agent/api"
)

// pass is one walk over all resources with one tree.
type pass struct {
	*Engine
	ctx      context.Context
	force    bool
	items    []*item
	narrowed map[string]*Tree
	status   map[string]*ResourceStatus
	result   Result
}

// item is a resource on its way through a pass.
type item struct {
	*resource
	digest  string
	staged  *staged // differs from what is on disk
	swapped bool
	failed  bool // the file stays as it was, and so does the service
	waiting bool // a failure or a deferred reload has to be retried
}

// pass renders and compares all resources, checks the changed ones, swaps all of them, and then reloads (B1, B2, B3).
func (e *Engine) pass(ctx context.Context, force bool) (Result, error) {
	p := &pass{Engine: e, ctx: ctx, force: force, status: map[string]*ResourceStatus{}, narrowed: map[string]*Tree{}}
	p.result.Revision = e.revision
	e.templates.scope.usage.ctx = ctx
	defer p.discardStaged()
	if err := p.files(); err != nil {
		return Result{}, err
	}
	p.reload()
	p.finish()
	if ctx.Err() != nil {
		return p.result, interrupted(ctx)
	}
	return p.result, nil
}

// files does everything up to the swap, alone on this node. Commands that reload come after it, without the lock: they
// may take minutes, and may render themselves.
func (p *pass) files() error {
	unlock, err := lockFolder(p.ctx, p.confDir)
	if err != nil {
		return interrupted(p.ctx)
	}
	defer unlock()
	p.begin()
	for _, it := range p.items {
		if p.ctx.Err() != nil {
			return interrupted(p.ctx)
		}
		p.prepare(it)
	}
	if p.out.Cap() > 1<<20 {
		p.out = bytes.Buffer{} // one huge file is not a reason to stay big
	}
	for _, it := range p.items {
		if it.staged != nil && p.ctx.Err() == nil {
			p.check(it)
		}
	}
	// From here on the pass is not interrupted until all files are swapped.
	if p.ctx.Err() != nil {
		return interrupted(p.ctx)
	}
	p.swap()
	return nil
}

// begin reads what changed in conf.d, and on the first pass the state.
func (p *pass) begin() {
	if p.state == nil {
		var err error
		if p.state, err = loadState(p.stateFile); err != nil {
			p.log.Warn("what was applied before is unknown", "reason", err.Error())
		}
		for _, a := range p.state.Resources {
			p.sweep(filepath.Dir(filepath.Join(p.root, a.Dest)))
		}
	}
	read, err := p.resources.refresh()
	if err != nil {
		p.warn(api.Warning{Resource: "conf.d", What: "parse", Message: err.Error()})
	}
	for _, name := range read {
		if entry := p.resources.files[name]; entry.err == nil {
			for _, note := range entry.res.notes {
				p.log.Warn("resource is odd", "resource", name, "note", note)
			}
		}
	}
	active, shadowed := p.resources.active()
	for _, name := range p.resources.order {
		entry := p.resources.files[name]
		status := &ResourceStatus{Name: name, Status: StatusApplied}
		p.status[name] = status
		switch {
		case entry.err != nil:
			status.Status, status.Message = StatusQuarantined, entry.err.Error()
			p.result.Warnings = append(p.result.Warnings, api.Warning{Resource: name, What: "parse", Message: entry.err.Error()})
		case shadowed[name] != "":
			status.Status, status.Message = StatusShadowed, "the same file is written by "+shadowed[name]
		default:
			status.Message = strings.Join(entry.res.notes, "; ")
		}
		if entry.err == nil {
			status.Src, status.Dest = entry.res.src, entry.res.dest
		}
	}
	for _, name := range read {
		if s := p.status[name]; s.Status != StatusApplied {
			p.log.Warn("resource is left out", "resource", name, "status", s.Status, "reason", s.Message)
		}
	}
	for _, r := range active {
		p.items = append(p.items, &item{resource: r})
		p.sweep(filepath.Dir(filepath.Join(p.root, r.dest)))
	}
}

// prepare renders a resource and stages it if it differs from what is on disk. Nothing is written for a file that is as
// it should be: comparing first leaves the same end and spares every folder a write on every pass.
func (p *pass) prepare(it *item) {
	content, err := p.render(it.resource)
	if err != nil {
		p.fail(it, "render", err)
		return
	}
	it.digest = digestOf(content)
	d, err := p.examine(it.resource, content)
	if err == nil && d.changed && p.leftSo(it, d) {
		return
	}
	if err == nil && d.changed {
		if f := p.held(it.resource, it.digest, "check"); f != nil && !p.force {
			p.carry(it, f)
			return
		}
		it.staged, err = stage(d, content)
	}
	if err != nil {
		p.fail(it, "write", err)
	}
}

// leftSo says whether the file is as the resource's own reload_cmd left it for this content. Writing it again would run
// that command again, at every pass.
func (p *pass) leftSo(it *item, d dest) bool {
	a := p.state.of(it.resource)
	return a != nil && a.Left != "" && a.Digest == it.digest && a.Left == d.asFound()
}

// left is what leftSo compares with, after the reload; "" for a file that is as rendered.
func (p *pass) left(it *item) string {
	content, err := p.render(it.resource)
	if err != nil {
		return ""
	}
	d, err := p.examine(it.resource, content)
	if err != nil || !d.changed {
		return ""
	}
	return d.asFound()
}

// renderInto gives the content of a resource, valid until the next call.
func (e *Engine) renderInto(r *resource, tree *Tree) ([]byte, error) {
	e.out.Reset()
	if err := e.templates.render(r.src, tree, &e.out); err != nil {
		return nil, fmt.Errorf("src %s: %w", r.src, err)
	}
	if valid := formats[r.format]; valid != nil {
		if err := valid(e.out.Bytes()); err != nil {
			return nil, fmt.Errorf("src %s: the result is not %s: %w", r.src, r.format, err)
		}
	}
	return e.out.Bytes(), nil
}

func (p *pass) render(r *resource) ([]byte, error) {
	wanted := strings.Join(r.keys, "\x00")
	tree := p.narrowed[wanted]
	if tree == nil {
		tree = p.tree.Narrow(r.keys)
		p.narrowed[wanted] = tree
	}
	return p.renderInto(r, tree)
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// check runs check_cmd on the staged file.
func (p *pass) check(it *item) {
	if it.resource.check == nil || p.noCommands {
		return
	}
	var line strings.Builder
	if err := it.resource.check.Execute(&line, map[string]string{"src": it.staged.temp}); err != nil {
		p.fail(it, "check", err)
		return
	}
	if output, err := p.run("check", it.resource, line.String(), it.checkTimeout); err != nil && p.ctx.Err() == nil {
		p.failWith(it, api.Warning{What: "check", Output: output, Message: fmt.Sprintf("check_cmd %q: %v; %s stays as it was",
			brief(line.String()), err, it.dest)})
	}
}

// swap marks every changed resource as not applied, durably, and then replaces all files.
func (p *pass) swap() {
	before := map[*item]applied{}
	for _, it := range p.items {
		if it.staged != nil && it.resource.reload != "" {
			if a := p.state.of(it.resource); a != nil {
				before[it] = *a
			}
			p.state.set(it.resource, "")
		}
	}
	p.save()
	for _, it := range p.items {
		if it.staged == nil {
			continue
		}
		if err := it.staged.swap(); err != nil {
			if a, known := before[it]; known {
				p.state.set(it.resource, a.Digest)
			} else if it.resource.reload != "" {
				p.state.drop(it.name)
			}
			p.fail(it, "write", err)
			continue
		}
		it.staged, it.swapped = nil, true
		p.result.Changed++
		p.log.Info("file changed", "resource", it.name, "file", filepath.Join(p.root, it.dest))
	}
}

// finish makes the state durable and publishes what the pass found.
func (p *pass) finish() {
	for name := range p.state.Resources {
		if p.resources.files[name] == nil {
			p.state.drop(name)
		}
	}
	p.save()
	present := map[string]bool{}
	for _, it := range p.items {
		if it.waiting {
			present[it.name] = true
		}
	}
	var next time.Time
	earliest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for name, f := range p.failures {
		if !present[name] {
			delete(p.failures, name)
			continue
		}
		p.status[name].RetryAt = f.next
		earliest(f.next)
	}
	for _, at := range p.deferred {
		earliest(at)
	}
	p.templates.forget()
	statuses := make([]ResourceStatus, 0, len(p.status))
	for _, name := range p.resources.order {
		statuses = append(statuses, *p.status[name])
	}
	seen := p.read()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.statuses, p.next, p.seen = statuses, next, seen
}

func (p *pass) save() {
	if err := p.state.save(); err != nil {
		p.warn(api.Warning{What: "write", Message: fmt.Sprintf("cannot remember what was applied: %v", err)})
	}
}

func (p *pass) discardStaged() {
	for _, it := range p.items {
		if it.staged != nil {
			it.staged.discard()
		}
	}
}
