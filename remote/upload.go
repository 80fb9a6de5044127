package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"drover/fault"

	"github.com/pkg/sftp"
)

// cleanup is how long an upload may take to remove its temporary file after its context has ended.
const cleanup = 2 * time.Second

// tempMark stands between the name of the uploaded file and random characters in the names of temporary files.
const tempMark = ".drover-"

// Upload writes the bytes of src to an absolute path on the node, with mode from the first byte on. Readers of the path
// see the old file or the complete new one: the bytes go to a temporary file beside it, which is synced to disk and
// renamed. Missing parents are created (0755). The temporary file of an interrupted upload is removed at once if the
// node still answers, otherwise by the next upload to the same path.
func (p *Pool) Upload(ctx context.Context, t Target, src io.Reader, file string, mode fs.FileMode) error {
	if !path.IsAbs(file) || path.Clean(file) != file || file == "/" {
		return faultAt(t, fault.Invalid, "cannot upload to %q on node %s: not a clean absolute file path", file, t)
	}
	s, done, err := p.session(ctx, t)
	if err != nil {
		return fault.Wrap(err, fault.Unreachable, "upload %s", file)
	}
	finished := make(chan error, 1)
	go func() {
		defer done()
		finished <- put(s, contextReader{ctx, src}, file, mode.Perm())
	}()
	select {
	case err = <-finished:
	case <-ctx.Done():
		select {
		case err = <-finished:
		case <-time.After(cleanup):
			go func() { _ = s.Close() }()
			err = ctx.Err()
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fault.Wrap(ctxFault(ctx, t, "upload to"), fault.Unreachable, "upload %s", file)
	}
	return uploadFault(t, file, err)
}

// put uploads over one session.
func put(s *session, src io.Reader, file string, mode fs.FileMode) (err error) {
	if err := s.ask("subsystem", "sftp"); err != nil {
		if errors.Is(err, errDeclined) {
			return errNoSFTP{err}
		}
		return err
	}
	c, err := sftp.NewClientPipe(s, s, sftp.UseConcurrentWrites(true))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := prepare(c, file); err != nil {
		return err
	}
	dir, base := path.Split(file)
	temp := dir + "." + base + tempMark + rand.Text()
	f, err := c.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return fmt.Errorf("create temporary file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = c.Remove(temp)
		}
	}()
	if err := f.Chmod(mode); err != nil { // before the first byte: it may be a secret
		return fmt.Errorf("set mode: %w", err)
	}
	if _, err := f.ReadFromWithConcurrency(src, 64); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if _, ok := c.HasExtension("fsync@openssh.com"); ok {
		if err := f.Sync(); err != nil {
			return fmt.Errorf("sync to disk: %w", err)
		}
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	if err := c.PosixRename(temp, file); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	return nil
}

// prepare creates the parents and removes temporary files of earlier uploads to the same path. An earlier upload that
// still runs fails at its rename, and the newest one wins.
func prepare(c *sftp.Client, file string) error {
	dir, base := path.Split(file)
	entries, err := c.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := c.MkdirAll(path.Clean(dir)); err != nil {
			return fmt.Errorf("make folder %s: %w", dir, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("list folder %s: %w", dir, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "."+base+tempMark) {
			continue
		}
		if err := c.Remove(dir + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s of an interrupted upload: %w", e.Name(), err)
		}
	}
	return nil
}

// errNoSFTP means that the node refused the subsystem, errSource that reading the bytes to upload failed locally.
type (
	errNoSFTP struct{ error }
	errSource struct{ error }
)

func uploadFault(t Target, file string, err error) *fault.Fault {
	var status *sftp.StatusError
	switch {
	case errors.As(err, &errNoSFTP{}):
		return fault.Wrap(err, fault.NotAllowed, "upload %s: node %s offers no SFTP", file, t).
			At("", t.NodeID, "").WithHint("add a Subsystem sftp line to its sshd_config")
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(err, fault.NotAllowed, "upload %s to node %s", file, t).At("", t.NodeID, "")
	case errors.As(err, &errSource{}):
		return fault.Wrap(err, fault.Internal, "upload %s to node %s: the source cannot be read", file, t).At("", t.NodeID, "")
	case errors.As(err, &status):
		return fault.Wrap(err, fault.Internal, "upload %s to node %s", file, t).At("", t.NodeID, "").
			WithHint("check the node's disk space and the path")
	}
	return fault.Wrap(err, fault.Unreachable, "lost node %s while uploading %s", t, file).At("", t.NodeID, "")
}

// contextReader fails once its context has ended, so that an abandoned upload stops reading its source.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(b)
	if err != nil && err != io.EOF {
		err = errSource{err}
	}
	return n, err
}
