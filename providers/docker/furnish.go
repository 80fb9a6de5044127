package docker

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"drover/agent/api"
	"drover/fault"
	"drover/providers"
)

const (
	// nodeProgram is the path of drover-node on a node.
	nodeProgram = "/opt/drover/bin/drover-node"
	hostKeyFile = "/etc/ssh/ssh_host_ed25519_key"
	// furnished is written last: a container with it is complete.
	furnished = "/etc/drover/instance-id"
)

// furnish copies the programs and keys of a node into a container before its first start.
func (p *Provider) furnish(ctx context.Context, container string, s providers.InstanceSpec, privateKey []byte) error {
	content, into := io.Pipe()
	go func() { into.CloseWithError(p.writeFiles(into, s, privateKey)) }()
	defer content.Close()
	_, err := p.engine.CopyToContainer(ctx, container, client.CopyToContainerOptions{DestinationPath: "/", Content: content})
	return engineFault(err, "copy Drover's programs into instance %s", s.ID)
}

func (p *Provider) writeFiles(to io.Writer, s providers.InstanceSpec, privateKey []byte) error {
	w := tar.NewWriter(to)
	// Folders that may be missing in an image; existing folders keep their modes only if they are not named here.
	for _, dir := range []string{api.ServicesDir, "/run/drover", api.LogDir} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(dir, "/") + "/", Mode: 0o755}); err != nil {
			return err
		}
	}
	put := func(name string, mode fs.FileMode, text []byte) error {
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(name, "/"), Mode: int64(mode), Size: int64(len(text))})
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}
	for name, file := range map[string]string{nodeProgram: p.options.NodeBinary, api.Binary: p.options.AgentBinary} {
		if file == "" {
			continue
		}
		program, err := os.ReadFile(file)
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "provider docker: read %s", file)
		}
		if err := put(name, 0o755, program); err != nil {
			return err
		}
	}
	return errors.Join(
		put(hostKeyFile, 0o600, privateKey),
		put(api.OperatorKeys, 0o600, []byte(strings.TrimSpace(s.AuthorizedKey)+"\n")),
		put(furnished, 0o644, []byte(s.ID)),
		w.Close(),
	)
}

// isFurnished reports whether furnish has completed. The mark has the instance id, because an image that was made from a
// node contains the mark of that node.
func (p *Provider) isFurnished(ctx context.Context, n *node) (bool, error) {
	answer, err := p.engine.CopyFromContainer(ctx, n.container, client.CopyFromContainerOptions{SourcePath: furnished})
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, engineFault(err, "inspect the files of instance %s", n.spec.ID)
	}
	defer answer.Content.Close()
	r := tar.NewReader(answer.Content)
	if _, err := r.Next(); err != nil {
		return false, engineFault(err, "inspect the files of instance %s", n.spec.ID)
	}
	mark, err := io.ReadAll(io.LimitReader(r, 1000))
	return string(mark) == n.spec.ID, engineFault(err, "inspect the files of instance %s", n.spec.ID)
}
