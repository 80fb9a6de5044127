package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"drover/agent/confd"
	"drover/fault"
	"drover/specs"
	"drover/starter/preview"
)

// imageFolders say where the configuration of a package's nodes is: one folder, or a folder of images by name.
type imageFolders struct{ confDir, images string }

func (f *imageFolders) bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.confDir, "confdir", "", "`folder` with conf.d and templates of the nodes")
	flags.StringVar(&f.images, "images", "", "`folder` with a folder for each image, as provider local has them")
}

// check reads the resources and compiles the templates, as the agent of a node does.
func (f imageFolders) check(ctx context.Context, p *specs.Package) (specs.Diagnostics, error) {
	var found specs.Diagnostics
	if f.confDir != "" {
		if err := folder("--confdir", f.confDir); err != nil {
			return nil, err
		}
		more, err := checkConfDir(ctx, f.confDir)
		if err != nil {
			return nil, err
		}
		found = more
	}
	if f.images == "" {
		return found, nil
	}
	if err := folder("--images", f.images); err != nil {
		return nil, err
	}
	for _, image := range specs.Images(ctx, p) {
		dir := filepath.Join(f.images, image)
		if folder("image", dir) != nil {
			found = append(found, specs.Diagnostic{Severity: specs.SeverityWarning, File: f.images, Message: fmt.Sprintf("image %s is missing; its templates are not checked", image)})
			continue
		}
		confDir := filepath.Join(dir, "etc", "confd")
		if folder("image", confDir) != nil {
			continue // nodes of it have no configuration
		}
		more, err := checkConfDir(ctx, confDir)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// checkConfDir words what the engine says as findings of lint.
func checkConfDir(ctx context.Context, dir string) (specs.Diagnostics, error) {
	problems, err := confd.New(confd.Options{ConfDir: dir}).CheckConfig(ctx, preview.Known)
	if fault.Is(err, fault.NotFound) {
		return specs.Diagnostics{{Severity: specs.SeverityWarning, File: dir, Message: "no resources: files below conf.d whose name ends in toml"}}, nil
	}
	if err != nil {
		return nil, err
	}
	var found specs.Diagnostics
	for _, p := range problems {
		d := specs.Diagnostic{Severity: specs.SeverityWarning, File: filepath.Join(dir, p.File), Line: p.Line, Message: p.Message}
		if p.Severity == confd.SeverityError {
			d.Severity = specs.SeverityError
		}
		found = append(found, d)
	}
	return found, nil
}

func folder(what, path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Invalid, "%s cannot be read", what)
	case !info.IsDir():
		return fault.New(fault.Invalid, "%s %s is not a folder", what, path)
	}
	return nil
}
