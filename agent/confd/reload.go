package confd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"drover/agent/api"
)

// reload runs each distinct reload_cmd that is due once, in the order of the first resource that asks for it. It is due
// for a resource whose content is not the one applied last, whether or not this pass swapped it.
func (p *pass) reload() {
	clear(p.deferred)
	due := map[string][]*item{}
	var order []string
	for _, it := range p.items {
		if it.failed {
			continue
		}
		known := p.state.of(it.resource)
		if it.resource.reload == "" {
			p.state.set(it.resource, unwatched)
			continue
		}
		// A file that is as rendered and of which nothing is known (first start on a prepared image) counts as applied.
		pending := it.swapped || (known != nil && known.Digest != unwatched && known.Digest != it.digest)
		if !pending || p.noCommands {
			p.state.set(it.resource, it.digest)
			continue
		}
		line := it.resource.reload
		if due[line] == nil {
			order = append(order, line)
		}
		due[line] = append(due[line], it)
	}
	for _, line := range order {
		if p.ctx.Err() != nil {
			return
		}
		p.reloadOne(line, due[line])
	}
}

func (p *pass) reloadOne(line string, items []*item) {
	if !p.force {
		if f := p.reloadHeld(items); f != nil {
			for _, it := range items {
				p.mark(it, StatusPending, f.warning.Message)
			}
			p.result.Warnings = append(p.result.Warnings, f.warning)
			return
		}
		if at := p.reloadAllowed(line, items); p.now().Before(at) {
			p.deferred[line] = at
			for _, it := range items {
				delete(p.failures, it.name)
				p.mark(it, StatusPending, "reload put off by min_reload_interval")
				p.status[it.name].RetryAt = at
			}
			p.log.Info("reload put off by min_reload_interval", "command", brief(line), "until", at)
			return
		}
	}
	var timeout time.Duration
	for _, it := range items {
		timeout = max(timeout, it.reloadTimeout)
	}
	output, err := p.run("reload", items[0].resource, line, timeout)
	if err == nil {
		for _, it := range items {
			p.state.set(it.resource, it.digest)
			a := p.state.of(it.resource)
			a.ReloadedAt, a.Left = p.now().UTC(), p.left(it)
		}
		p.result.Reloaded = append(p.result.Reloaded, line)
		p.save()
		return
	}
	if p.ctx.Err() != nil {
		return // stopped together with the agent: the state says that it is due again
	}
	w := api.Warning{Resource: items[0].name, What: "reload", Output: output, Message: fmt.Sprintf("reload_cmd %q: %v", brief(line), err)}
	p.warn(w)
	for _, it := range items {
		p.state.set(it.resource, "")
		p.Engine.failed(it.resource, it.digest, w)
		p.mark(it, StatusPending, w.Message)
	}
}

// reloadHeld is the failure all of these items wait for; nil when one of them is new or its time has come.
func (p *pass) reloadHeld(items []*item) *failure {
	var first *failure
	for _, it := range items {
		f := p.held(it.resource, it.digest, "reload")
		if f == nil || it.swapped {
			return nil
		}
		if first == nil {
			first = f
		}
	}
	return first
}

// reloadAllowed is the earliest time min_reload_interval permits; zero when nothing forbids it.
func (p *pass) reloadAllowed(line string, items []*item) time.Time {
	var spacing time.Duration
	for _, it := range items {
		spacing = max(spacing, it.spacing)
	}
	if spacing == 0 {
		return time.Time{}
	}
	var last time.Time
	for _, it := range p.items {
		if known := p.state.of(it.resource); it.resource.reload == line && known != nil && known.ReloadedAt.After(last) {
			last = known.ReloadedAt
		}
	}
	if last.IsZero() {
		return last
	}
	return last.Add(spacing)
}

// run runs a command and gives the end of its output.
func (p *pass) run(kind string, r *resource, line string, timeout time.Duration) (string, error) {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, end := context.WithCancelCause(p.ctx)
	defer end(nil)
	now := time.Now()
	p.waits(&running{api.PassCommand{Kind: kind, Resource: r.name, Cmd: brief(line), Since: now, Deadline: now.Add(timeout)}, end})
	defer p.waits(nil)
	var output tail
	err := p.runner.Run(ctx, Command{Kind: kind, Resource: r.name, Line: line, Timeout: timeout, Output: &output})
	text := strings.TrimRight(output.String(), "\n")
	p.log.Info("command ended", "kind", kind, "resource", r.name, "command", brief(line), "ok", err == nil)
	p.log.Debug("command said", "kind", kind, "resource", r.name, "output", text) // no less: it may hold what was rendered
	return text, err
}

func (p *pass) waits(r *running) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.command = r
}

// fail notes that a resource stays as it was.
func (p *pass) fail(it *item, what string, err error) {
	p.failWith(it, api.Warning{What: what, Message: err.Error()})
}

func (p *pass) failWith(it *item, w api.Warning) {
	w.Resource = it.name
	p.warn(w)
	// Rendering again without a change gives the same error; resyncs are enough for templates that look elsewhere.
	if w.What == "render" {
		delete(p.failures, it.name)
	} else {
		p.Engine.failed(it.resource, it.digest, w)
	}
	it.failed = true
	p.mark(it, StatusFailed, w.Message)
	if it.staged != nil {
		it.staged.discard()
		it.staged = nil
	}
}

// carry repeats a failure that is not retried yet.
func (p *pass) carry(it *item, f *failure) {
	it.failed = true
	p.result.Warnings = append(p.result.Warnings, f.warning)
	p.mark(it, StatusFailed, f.warning.Message)
}

func (p *pass) mark(it *item, status, message string) {
	it.waiting = true
	s := p.status[it.name]
	s.Status, s.Message = status, message
}

func (p *pass) warn(w api.Warning) {
	p.result.Warnings = append(p.result.Warnings, w)
	p.log.Warn("resource not applied", "resource", w.Resource, "what", w.What, "reason", w.Message)
}

// brief shortens a command for a message.
func brief(line string) string {
	const most = 200
	if line = strings.TrimSpace(line); len(line) > most {
		return strings.ToValidUTF8(line[:most], "") + "..."
	}
	return line
}
