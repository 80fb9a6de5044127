package engine

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/moby/moby/client"
)

// Programs are what a node's commands may expect of the smallest Linux machine. Those this machine lacks are left out.
var Programs = strings.Fields(`sh awk base64 basename bash cat chmod chown comm cp cut date dd df diff dirname du echo env expr false find flock fold getent
	grep head hostname id install join kill ln ls md5sum mkdir mkfifo mktemp mv nice nl nohup nproc od paste perl pgrep pidof
	pkill printf ps pwd readlink realpath rm rmdir sed seq setsid sha1sum sha256sum sha512sum shuf sleep sort split stat stty
	sync tac tail tar tee test timeout touch tr true truncate tty uname uniq unlink wc whoami xargs`)

// folders of a root file system, with their modes.
var folders = map[string]int64{
	"data": 0o755, "dev": 0o755, "etc": 0o755, "home": 0o755, "opt": 0o755, "proc": 0o555, "root": 0o700, "run": 0o755, "srv": 0o755,
	"sys": 0o555, "tmp": 0o1777, "usr/bin": 0o755, "usr/sbin": 0o755, "usr/lib": 0o755, "var/lib": 0o755, "var/log": 0o755, "var/tmp": 0o1777,
}

var files = map[string]string{
	"etc/passwd":        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	"etc/group":         "root:x:0:\nnogroup:x:65534:\n",
	"etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}

// Image is what goes into an image: a root file system, and things laid over it.
type Image struct {
	// Name is the image's, with a tag.
	Name string
	// Base is a tar file with the root file system. Without one it is made of this machine's Programs.
	Base string
	// Empty leaves the Programs out: for images of static programs.
	Empty bool
	// Overlay folders are laid over the root.
	Overlay []string
	// Folders and Files are paths in the image, and where they come from.
	Folders, Files map[string]string
	// Changes are lines of a Dockerfile, as `docker import --change` takes them.
	Changes []string
}

// Make imports an image into an engine.
func Make(ctx context.Context, c *client.Client, i Image) error {
	content, into := io.Pipe()
	defer content.Close()
	go func() { into.CloseWithError(write(into, i)) }()
	answer, err := c.ImageImport(ctx, client.ImageImportSource{Source: content, SourceName: "-"}, i.Name, client.ImageImportOptions{Changes: i.Changes})
	if err != nil {
		return fmt.Errorf("import image %s: %w", i.Name, err)
	}
	defer answer.Close()
	said, err := io.ReadAll(answer)
	if err == nil && strings.Contains(string(said), `"error"`) {
		err = errors.New(string(said))
	}
	if err != nil {
		return fmt.Errorf("import image %s: %w", i.Name, err)
	}
	return nil
}

func write(to io.Writer, i Image) error {
	w := &rootfs{Writer: tar.NewWriter(to), have: map[string]bool{}}
	if i.Base == "" {
		w.skeleton()
	}
	for _, dir := range i.Overlay {
		w.tree(dir, "")
	}
	for name, from := range i.Files {
		w.parents(name)
		w.file(strings.TrimPrefix(name, "/"), from)
	}
	for name, from := range i.Folders {
		w.parents(name + "/.")
		w.tree(from, strings.TrimPrefix(name, "/"))
	}
	switch {
	case i.Base != "":
		w.archive(i.Base)
	case !i.Empty:
		for _, program := range Programs {
			if from, err := exec.LookPath(program); err == nil {
				w.program(program, from)
			}
		}
	}
	w.keep(w.Close())
	return w.err
}

// rootfs writes a root file system; the first one to give a file wins, and the first error stays.
type rootfs struct {
	*tar.Writer
	have map[string]bool
	err  error
}

func (w *rootfs) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// skeleton is what is in every root file system, with folders linked as this machine has them.
func (w *rootfs) skeleton() {
	for dir, mode := range folders {
		w.folder(dir, mode)
	}
	for _, top := range []string{"bin", "sbin", "lib", "lib64"} {
		if target, err := os.Readlink("/" + top); err == nil {
			w.link(top, target)
		} else {
			w.folder(top, 0o755)
		}
	}
	for name, text := range files {
		w.text(name, text)
	}
}

func (w *rootfs) header(h *tar.Header) bool {
	h.Name = strings.TrimSuffix(h.Name, "/")
	if w.err != nil || w.have[h.Name] {
		return false
	}
	w.have[h.Name] = true
	w.keep(w.WriteHeader(h))
	return w.err == nil
}

func (w *rootfs) folder(name string, mode int64) {
	w.header(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode})
}

// parents are the folders that a path is in.
func (w *rootfs) parents(name string) {
	for i, c := range strings.TrimPrefix(name, "/") {
		if c == '/' {
			w.folder(strings.TrimPrefix(name, "/")[:i], 0o755)
		}
	}
}

func (w *rootfs) link(name, target string) {
	w.header(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target})
}

func (w *rootfs) text(name, text string) {
	if w.header(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(text))}) {
		_, err := io.WriteString(w, text)
		w.keep(err)
	}
}

func (w *rootfs) file(name, from string) {
	f, err := os.Open(from)
	if err != nil {
		w.keep(err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		w.keep(err)
		return
	}
	if w.header(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(info.Mode().Perm()), Size: info.Size()}) {
		_, err := io.Copy(w, f)
		w.keep(err)
	}
}

// archive copies a tar file, without what is there already.
func (w *rootfs) archive(name string) {
	f, err := os.Open(name)
	if err != nil {
		w.keep(err)
		return
	}
	defer f.Close()
	for r := tar.NewReader(f); w.err == nil; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			w.keep(fmt.Errorf("%s: %w", name, err))
			return
		}
		if h.Name = strings.TrimPrefix(h.Name, "./"); h.Name != "" && w.header(h) {
			_, err = io.Copy(w, r)
			w.keep(err)
		}
	}
}

// tree copies a folder with everything in it.
func (w *rootfs) tree(dir, under string) {
	w.keep(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == "." {
			return err
		}
		name := filepath.Join(under, rel)
		switch {
		case d.IsDir():
			w.folder(name, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			w.link(name, target)
		case d.Type().IsRegular():
			w.file(name, path)
		}
		return nil
	}))
}

var library = regexp.MustCompile(`(/[^ ]+\.so[^ ]*)`)

// program copies a program of this machine and the libraries it is linked with.
func (w *rootfs) program(name, from string) {
	w.file("usr/bin/"+name, from)
	out, _ := exec.Command("ldd", from).Output() // fails for static programs and scripts, which need none
	found := library.FindAllString(string(out), -1)
	sort.Strings(found)
	for _, lib := range found {
		dir, err := filepath.EvalSymlinks(filepath.Dir(lib))
		if err != nil {
			w.keep(err)
			continue
		}
		w.file(strings.TrimPrefix(filepath.Join(dir, filepath.Base(lib)), "/"), lib)
	}
	if name == "perl" {
		dirs, _ := filepath.Glob("/usr/lib/*/perl-base") // all that Debian's essential perl needs
		for _, dir := range dirs {
			w.tree(dir, strings.TrimPrefix(dir, "/"))
		}
	}
}
