package specs

import (
	"bytes"
	"context"
	"encoding/json"
	"sort"
)

// mask stands in rendered JSON for the value of a password.
const mask = "******"

// RenderOptions change what RenderJSON shows.
type RenderOptions struct {
	// ShowSecrets shows passwords as they are instead of "******".
	ShowSecrets bool
}

// Render puts values into the template, checks the result and builds the cluster. Values are config paths to values
// ("env.tickTime"; a leading "cluster." may be left out), nested maps (a values file), or both; strings are read as
// the item's type. The error is a *Problems with everything that is wrong; the Diagnostics hold errors and warnings.
func (p *Package) Render(ctx context.Context, values map[string]any) (*Cluster, Diagnostics, error) {
	r := p.render(ctx, values, false)
	if r.diags.HasErrors() {
		return nil, r.diags.sorted(), newProblems(p.Source, r.diags.sorted())
	}
	return r.cluster, r.diags.sorted(), nil
}

// RenderJSON gives the rendered cluster.json: indented, in the template's order, duplicate keys once. Passwords are
// masked unless asked for. On errors after the JSON stage (a role without count, say) the JSON is returned as well, so
// that one can see what the messages talk about.
func (p *Package) RenderJSON(ctx context.Context, values map[string]any, options ...RenderOptions) ([]byte, Diagnostics, error) {
	r := p.render(ctx, values, false)
	err := newProblems(p.Source, r.diags.sorted())
	if r.document == nil {
		return nil, r.diags.sorted(), err
	}
	doc := r.document
	show := false
	for _, o := range options {
		show = show || o.ShowSecrets
	}
	if !show {
		masked, _ := execute(ctx, r.template, r.tags, p.Config, p.Config.masked(r.values))
		var bad *syntaxError
		if doc, _, bad = parseDocument(masked.text); bad != nil {
			return nil, r.diags.sorted(), newProblems(p.Source, Diagnostics{r.template.diagnostic(SeverityError, 0, "",
				"a password changes the structure of the JSON, so the text cannot be masked; render it with secrets shown")})
		}
	}
	var out bytes.Buffer
	if e := json.Indent(&out, doc.raw(), "", "  "); e != nil {
		return nil, r.diags.sorted(), e
	}
	out.WriteByte('\n')
	return out.Bytes(), r.diags.sorted(), err
}

// result is everything one rendering found out.
type result struct {
	template *source
	tags     []*tag
	used     map[string]bool
	values   settings
	document *value
	cluster  *Cluster
	diags    Diagnostics
}

// render goes as far as it makes sense: values and placeholders are checked together, then JSON, then the cluster.
func (p *Package) render(ctx context.Context, values map[string]any, samples bool) *result {
	resolved, found := p.Config.resolveValues(values, samples)
	return p.renderResolved(ctx, resolved, found, samples)
}

// renderResolved renders values that were resolved, with these findings.
func (p *Package) renderResolved(ctx context.Context, values settings, found Diagnostics, samples bool) *result {
	r := &result{template: newSource(TemplateFile, []byte(p.Template)), values: values}
	r.diags = append(r.diags, p.configDiags...)
	unreadable := p.configDiags.HasErrors() && len(p.Config.Items) == 0
	if !unreadable { // else every value and placeholder would be called unknown
		r.diags = append(r.diags, found...)
	}
	if d, ok := r.template.checkText(); !ok {
		r.diags = append(r.diags, d)
		return r
	}
	r.tags, found = parseTemplate(r.template)
	r.diags = append(r.diags, found...)
	if unreadable || found.HasErrors() {
		return r
	}
	r.used, found = references(r.template, r.tags, p.Config)
	r.diags = append(r.diags, found...)
	if r.diags.HasErrors() && !samples {
		return r
	}
	r.finish(ctx, p, samples)
	return r
}

// finish renders, reads the JSON and builds the cluster. Lint is strict.
func (r *result) finish(ctx context.Context, p *Package, strict bool) {
	secrets := p.Config.secrets(r.values, r.used)
	defer func() { r.diags = r.diags.without(secrets) }()
	text, unknown := execute(ctx, r.template, r.tags, p.Config, r.values)
	r.diags = append(r.diags, unknown...)
	if text.cut {
		return
	}
	doc, dups, bad := parseDocument(text.text)
	if bad != nil {
		r.diags = append(r.diags, r.jsonError(text, bad))
		return
	}
	var twice Diagnostics
	for _, d := range dups {
		twice.add(r.template.diagnostic(SeverityWarning, text.origin(d.offset).template, d.path, "duplicate key; the last one is used"))
	}
	r.diags = append(r.diags, twice...)
	if len(unknown) > 0 {
		return // what an unknown placeholder stands for is not known: the cluster would be full of holes
	}
	r.document = doc
	b := &builder{src: r.template, text: text, conf: p.Config, strict: strict}
	r.cluster = b.cluster(doc)
	b.checkKeys(doc)
	r.cluster.Secrets = secrets
	if size := len(EncodeJSON(r.cluster)); size > maxCluster {
		b.fail(doc, "", "the cluster has %d KiB as JSON; at most %d KiB can be stored", size>>10, maxCluster>>10)
	}
	r.diags = append(r.diags, b.diags...)
}

// jsonError places a JSON error in the template.
func (r *result) jsonError(text *rendering, bad *syntaxError) Diagnostic {
	at := text.origin(bad.offset)
	message := "not valid JSON after rendering: " + bad.message
	around := []segment{at}
	if bad.offset > 0 && bad.offset < len(text.text) {
		around = append(around, text.origin(bad.offset-1))
	}
	for _, s := range around {
		if _, isString := s.value.(string); isString {
			message += "; remove the quotes around the placeholder: it renders its own"
			break
		}
	}
	return r.template.diagnostic(SeverityError, at.template, "", message)
}

// secrets are the values of password items the template uses, each once.
func (c *Config) secrets(values settings, used map[string]bool) []string {
	seen := map[string]bool{"": true}
	var out []string
	for _, it := range c.Items {
		if text := it.SecretText(values[it.Path]); used[it.Path] && !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	sort.Strings(out)
	return out
}

// masked is values with passwords replaced.
func (c *Config) masked(values settings) settings {
	out := make(settings, len(values))
	for path, v := range values {
		if it := c.byPath[path]; it != nil {
			v = it.masked(v)
		}
		out[path] = v
	}
	return out
}

// describeUnused names items no placeholder uses.
func (c *Config) describeUnused(used map[string]bool) Diagnostics {
	var out Diagnostics
	for _, it := range c.Items {
		if !used[it.Path] {
			out.add(Diagnostic{Severity: SeverityWarning, File: ConfigFile, Line: it.Line, Col: it.Col, Path: it.Path,
				Message: "the item is not used in " + TemplateFile})
		}
	}
	return out
}
