package specs

import "context"

// Lint says everything that is wrong or odd with a package, rendered with its defaults. Required items without default
// are named and filled with samples, so that the rest is checked too.
func Lint(ctx context.Context, p *Package) Diagnostics {
	r := p.render(ctx, nil, true)
	diags := append(Diagnostics(nil), r.diags...)
	diags = append(diags, p.localeDiags...)
	if r.used != nil {
		diags = append(diags, p.Config.describeUnused(r.used)...)
	}
	return diags.sorted()
}
