package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/fault"
	"drover/specs"
	"drover/starter/output"
	"drover/starter/preview"
)

// nodeFlags choose a node whose configuration is rendered in place of cluster.json.
type nodeFlags struct {
	node, metadata string
	folders        imageFolders
}

func (f *nodeFlags) bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.node, "node", "", "render the configuration files of this node of a made-up cluster, `ROLE/SID`")
	flags.StringVar(&f.metadata, "metadata", "", "with the metadata in this JSON `file` instead, as a node shows it: curl -H 'Accept: application/json' metadata/self")
	f.folders.bind(flags)
}

func (f *nodeFlags) given() bool { return f.node != "" || f.metadata != "" }

// nodeFiles is what `drover render --node -o json` prints.
type nodeFiles struct {
	Node     string        `json:"node,omitempty"`
	Files    []confd.File  `json:"files"`
	Problems []api.Warning `json:"problems"`
}

// render gives the files of the node. Templates that fail are named after the files, and the command fails.
func (f *nodeFlags) render(ctx context.Context, path string, p *specs.Package, values map[string]any, showSecrets bool, stdin io.Reader) (output.Output, error) {
	keys, image, secrets, err := f.keys(ctx, path, p, values, stdin)
	if err != nil {
		return output.Output{}, err
	}
	dir := f.folders.confDir
	if dir == "" && f.folders.images != "" && image != "" {
		dir = filepath.Join(f.folders.images, image, "etc", "confd")
	}
	if dir == "" {
		return output.Output{}, fault.New(fault.Invalid, "no templates to render").WithHint("add --confdir FOLDER with conf.d and templates, or with --node --images FOLDER")
	}
	if err := folder("--confdir", dir); err != nil {
		return output.Output{}, err
	}
	files, problems, err := confd.New(confd.Options{ConfDir: dir}).Preview(ctx, keys)
	if err != nil {
		return output.Output{}, err
	}
	if !showSecrets {
		hide(files, secrets)
	}
	value := nodeFiles{Node: f.node, Files: append([]confd.File{}, files...), Problems: append([]api.Warning{}, problems...)}
	out := output.Output{Value: value, Blocks: fileBlocks(value)}
	if len(problems) > 0 {
		return out, quiet{exitFailed}
	}
	return out, nil
}

// keys are what the node's templates see, the image of its role, and what must not be printed.
func (f *nodeFlags) keys(ctx context.Context, path string, p *specs.Package, values map[string]any, stdin io.Reader) (keys map[string]string, image string, secrets []string, _ error) {
	if f.metadata != "" {
		keys, err := readMetadata(f.metadata, stdin)
		return keys, "", nil, err
	}
	spec, _, err := p.Render(ctx, values)
	if err != nil {
		return nil, "", nil, err
	}
	cluster, err := preview.New(filepath.Base(path), spec)
	if err != nil {
		return nil, "", nil, err
	}
	keys, image, err = cluster.View(f.node)
	return keys, image, spec.Secrets, err
}

func readMetadata(path string, stdin io.Reader) (map[string]string, error) {
	from := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "--metadata cannot be read")
		}
		defer file.Close()
		from = file
	}
	keys, err := confd.ReadKeys(from)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "--metadata %s", path)
	}
	return keys, nil
}

func hide(files []confd.File, secrets []string) {
	var pairs []string
	for _, s := range secrets {
		if s != "" {
			pairs = append(pairs, s, "******")
		}
	}
	r := strings.NewReplacer(pairs...)
	for i := range files {
		files[i].Content = r.Replace(files[i].Content)
	}
}

func fileBlocks(v nodeFiles) []output.Block {
	var blocks []output.Block
	for _, f := range v.Files {
		head := "==> " + f.Dest + " (" + f.Resource
		if f.Mode != "" {
			head += ", mode " + f.Mode
		}
		if f.Reload != "" {
			head += ", then: " + f.Reload
		}
		blocks = append(blocks, output.Lines{head + ")", strings.TrimRight(f.Content, "\n")})
	}
	var problems output.Lines
	for _, w := range v.Problems {
		problems = append(problems, fmt.Sprintf("error    %s: %s", w.Resource, w.Message))
	}
	if len(v.Files)+len(problems) == 0 {
		problems = output.Lines{"No resources: files below conf.d whose name ends in toml."}
	}
	if len(problems) > 0 {
		blocks = append(blocks, problems)
	}
	return blocks
}
