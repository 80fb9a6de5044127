package specs

import (
	"context"
	"slices"
)

// Lint says everything that is wrong or odd with a package, rendered with its defaults. Required items without default
// are named and filled with samples, so that the rest is checked too. It is stricter than Render: unknown keys and custom
// services without a command are errors, and keys of AppCenter without effect are named once each.
func Lint(ctx context.Context, p *Package) Diagnostics {
	r := p.render(ctx, nil, true)
	diags := append(Diagnostics(nil), r.diags...)
	diags = append(diags, p.localeDiags...)
	diags = append(diags, p.Config.checkGroups()...)
	if doc, _, bad := parseDocument(p.files[ConfigFile]); bad == nil {
		diags = append(diags, checkConfigKeys(newSource(ConfigFile, p.files[ConfigFile]), doc)...)
	}
	if r.used != nil {
		diags = append(diags, p.Config.describeUnused(r.used)...)
	}
	return diags.sorted()
}

// Images are the images that the package's roles name, sorted, with the package's defaults and samples as Lint fills in.
func Images(ctx context.Context, p *Package) []string {
	r := p.render(ctx, nil, true)
	var out []string
	if r.cluster == nil {
		return nil
	}
	for _, role := range r.cluster.Roles {
		if image := role.Container.Image; image != "" {
			out = append(out, image)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
