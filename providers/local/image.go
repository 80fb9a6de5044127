package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"drover/fault"
)

// CheckImage is part of providers.Images.
func (p *Provider) CheckImage(_ context.Context, name string) error {
	_, err := p.imageDir(name)
	return err
}

// imageDir finds an image's folder.
func (p *Provider) imageDir(name string) (string, error) {
	if name == "" || !filepath.IsLocal(name) || filepath.Clean(name) != name || name == "." || strings.ContainsAny(name, "\x00\n") {
		return "", fault.New(fault.Invalid, "provider local: %q cannot be the name of an image", name)
	}
	dir := filepath.Join(p.options.ImagesDir, name)
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return "", fault.New(fault.NotFound, "provider local: there is no image %s", name).
			WithHint("an image is a folder %s with the files to lay over the root of a node", dir)
	}
	for _, top := range []string{"bin", "sbin", "lib", "lib64"} {
		link, err := os.Readlink("/" + top)
		if info, err2 := os.Lstat(filepath.Join(dir, top)); err == nil && err2 == nil && info.IsDir() {
			return "", fault.New(fault.Invalid, "provider local: image %s has a folder %s, which would hide the system's programs", name, top).
				WithHint("put its files under %s", link)
		}
	}
	return dir, nil
}

// hasUsr says whether the image has something below usr that is not in usr/local, which nodes own anyway.
func hasUsr(image string) bool {
	entries, _ := os.ReadDir(filepath.Join(image, "usr"))
	for _, e := range entries {
		if e.Name() != "local" {
			return true
		}
	}
	return false
}

// layers says whether the image can lie below a node's root. For an ordinary user its files must be the user's: the
// kernel will not copy up what belongs to no user of the node.
func (p *Provider) layers(image string) (bool, error) {
	if !p.able.Layered {
		if hasUsr(image) {
			return false, fault.New(fault.Invalid, "provider local: image %s has files under usr beside usr/local, which needs overlayfs: %s", image, p.able.LayeredProblem).
				WithHint("put them under usr/local or opt")
		}
		return false, nil
	}
	info, err := os.Stat(image)
	if err != nil {
		return false, ioFault(err, "look at image")
	}
	return !p.rootless || info.Sys().(*syscall.Stat_t).Uid == uint32(os.Getuid()), nil
}

// copyTree copies an image, sharing blocks where the file system can. An existing dst is whole: it appears by rename.
func copyTree(src, dst string) error {
	if _, err := os.Lstat(dst); err == nil {
		return nil
	}
	temp := dst + ".new"
	if err := removeTree(temp); err != nil {
		return err
	}
	owner := os.Geteuid() == 0
	type made struct {
		path string
		info fs.FileInfo
	}
	var folders []made
	err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		to := filepath.Join(temp, rel)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			folders = append(folders, made{to, info})
			if err := os.MkdirAll(to, 0o700); err != nil {
				return err
			}
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			if err := os.Symlink(link, to); err != nil {
				return err
			}
		case d.Type().IsRegular():
			if err := copyFile(path, to); err != nil {
				return err
			}
		default:
			return nil // sockets and the like are not a part of an image
		}
		if owner {
			stat := info.Sys().(*syscall.Stat_t)
			if err := os.Lchown(to, int(stat.Uid), int(stat.Gid)); err != nil {
				return err
			}
		}
		if d.Type().IsRegular() {
			return os.Chmod(to, info.Mode())
		}
		return nil
	})
	// Last and backwards: a read-only folder would refuse its own content.
	for i := len(folders) - 1; err == nil && i >= 0; i-- {
		err = os.Chmod(folders[i].path, folders[i].info.Mode())
	}
	if err == nil {
		err = os.Rename(temp, dst)
	}
	if err != nil {
		return errors.Join(ioFault(err, "copy image %s", src), removeTree(temp))
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if unix.IoctlFileClone(int(out.Fd()), int(in.Fd())) != nil {
		_, err = io.Copy(out, in) // copy_file_range
	}
	return errors.Join(err, out.Close())
}
