package local

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"drover/agent/api"
	"drover/fault"
	"drover/providers/local/internal/sandbox"
)

// nodeProgram is where a node sees drover-node.
const nodeProgram = "/opt/drover/bin/drover-node"

// boot starts the node unless it runs, and returns when its SSH server answers. The caller holds the node's lock.
func (p *Provider) boot(ctx context.Context, n *node, held locks) error {
	process, err := p.alive(n.Spec.ID)
	if err != nil {
		return err
	}
	if process != nil {
		return p.await(ctx, n)
	}
	spec, err := p.bootSpec(n)
	if err != nil {
		return err
	}
	file := p.nodeDir(n.Spec.ID, "boot.json")
	if err := writeJSON(file, spec); err != nil {
		return err
	}
	if err := p.step("boot"); err != nil {
		return err
	}
	return p.launch(ctx, n.Spec.ID, file, held)
}

// launch runs drover-node in new namespaces and waits for its word. The process gets no pipe but the status one, which
// it closes when booted, and is waited for in the background: it lives on when the worker ends.
func (p *Provider) launch(ctx context.Context, id, spec string, held locks) error {
	console, err := os.OpenFile(p.nodeDir(id, "console.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return ioFault(err, "open console")
	}
	defer console.Close()
	heard, status, err := os.Pipe()
	if err != nil {
		return ioFault(err, "make pipe")
	}
	defer heard.Close()
	lock := held.of(p.path("locks", id))
	cmd := exec.Command(p.options.NodeBinary, "boot", spec)
	cmd.SysProcAttr = p.namespaces()
	cmd.Stdout, cmd.Stderr = console, console
	cmd.ExtraFiles = []*os.File{sandbox.StatusFD - 3: status, sandbox.LockFD - 3: lock}
	cmd.Env = []string{}
	cmd.Dir = "/"
	err = cmd.Start()
	status.Close()
	if err != nil {
		return fault.Wrap(err, fault.Internal, "provider local: start %s", p.options.NodeBinary)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()

	_ = heard.SetReadDeadline(time.Now().Add(bootTime))
	stop := context.AfterFunc(ctx, func() { _ = heard.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	word, err := io.ReadAll(heard)
	if err == nil && string(word) == sandbox.Ready {
		return nil
	}
	// Nothing half-booted stays behind: the next call boots again.
	_ = cmd.Process.Kill()
	<-ended
	switch {
	case ctx.Err() != nil:
		return fault.Wrap(context.Cause(ctx), fault.Unreachable, "provider local: stopped waiting for node %s to boot", id)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return p.bootFault(id, "no answer after "+bootTime.String())
	case err != nil:
		return ioFault(err, "wait for node %s", id)
	case len(word) == 0:
		return p.bootFault(id, "it ended without a word")
	default:
		return p.bootFault(id, string(word))
	}
}

// of finds a lock by its file.
func (l locks) of(name string) *os.File {
	for _, f := range l {
		if f.Name() == name {
			return f
		}
	}
	return nil
}

// await waits for a node that another process launched.
func (p *Provider) await(ctx context.Context, n *node) error {
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	address := net.JoinHostPort(n.IP, p.sshPort)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := banner(ctx, address)
		if err == nil {
			return nil
		}
		process, aliveErr := p.alive(n.Spec.ID)
		if aliveErr != nil {
			return aliveErr
		}
		if process == nil {
			return p.bootFault(n.Spec.ID, "it ended")
		}
		select {
		case <-ctx.Done():
			return fault.Wrap(err, fault.Unreachable, "provider local: node %s runs but does not answer SSH on %s", n.Spec.ID, address)
		case <-time.After(wait):
		}
	}
}

// banner reads an SSH server's first word.
func banner(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	word := make([]byte, len("SSH-2.0"))
	if _, err := io.ReadFull(conn, word); err != nil {
		return err
	}
	if string(word) != "SSH-2.0" {
		return errors.New("what answers is not an SSH server")
	}
	return nil
}

// bootSpec is written at each boot: the worker's binaries may have moved.
func (p *Provider) bootSpec(n *node) (sandbox.Spec, error) {
	id := n.Spec.ID
	groups, err := p.limits.join(id, n.Spec.Size)
	if err != nil {
		return sandbox.Spec{}, err
	}
	image, err := p.imageDir(n.Spec.Image)
	if err != nil {
		return sandbox.Spec{}, err
	}
	s := sandbox.Spec{
		Instance: id, Mark: p.mark + "/" + id, PidFile: p.nodeDir(id, "pid.json"), Cgroups: groups,
		Root: sandbox.Root{
			Dir: p.nodeDir(id, "root"), Layered: n.Layered, Image: image,
			Work: p.nodeDir(id, "work"), Mount: p.nodeDir(id, "mount"),
		},
		IP: n.IP, HostKeyFile: p.nodeDir(id, "host_key"), AuthorizedKey: n.Spec.AuthorizedKey,
		Init: []string{nodeProgram, "init", "--booted", "--ssh", net.JoinHostPort(n.IP, p.sshPort)},
	}
	if hasUsr(image) {
		s.Root.Usr = filepath.Join(image, "usr")
	}
	if p.options.SSHServer != "" {
		s.Init = append(s.Init, "--sshd", p.options.SSHServer)
	}
	for _, pattern := range sandbox.SharedEtc {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return s, ioFault(err, "look for %s", pattern)
		}
		for _, file := range found {
			if _, err := os.Lstat(filepath.Join(image, file)); err == nil {
				continue // the image brings its own
			}
			s.Binds = append(s.Binds, sandbox.Bind{Source: file, Target: file, ReadOnly: true, NoExec: true, NoSuid: true, Optional: true})
		}
	}
	s.Binds = append(s.Binds, p.programs())
	for _, m := range n.Spec.Mounts {
		s.Binds = append(s.Binds, p.volumeBind(m))
	}
	return s, nil
}

// tail is the end of a text file, for people.
func tail(name string) string {
	raw, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(raw[max(0, len(raw)-api.OutputTail):])
}
