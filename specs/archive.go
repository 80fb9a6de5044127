package specs

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"drover/fault"
)

// Limits of archives. A package is text and some pictures; whatever is larger is a mistake or an attack.
const (
	maxArchive  = 32 << 20 // bytes of the archive as it comes
	maxUnpacked = 64 << 20 // bytes of all members together, unpacked
	maxMember   = 32 << 20 // bytes of one member, unpacked
	maxEntries  = 10_000   // members, folders included
	maxArchived = 16 << 20 // bytes of members that may be files of the package; only one of their folders is
)

// FromArchive reads a package from a tar, tar.gz, tar.bz2 or zip; name is for messages only. The package's files may
// stand in one top-level folder.
func FromArchive(name string, r io.Reader) (*Package, error) {
	all, err := readArchive(r)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "package %s rejected", name)
	}
	f, err := all.root()
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "package %s rejected", name)
	}
	return newPackage(name, f)
}

// unpacking collects the members of an archive that may be a package's files.
type unpacking struct {
	files   files
	tops    map[string]bool // names at the top of the archive
	entries int
	size    int64
	kept    int
}

func readArchive(r io.Reader) (*unpacking, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxArchive+1))
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	if len(text) > maxArchive {
		return nil, fmt.Errorf("the archive is larger than %d MiB", maxArchive>>20)
	}
	u := &unpacking{files: files{}, tops: map[string]bool{}}
	switch {
	case len(text) == 0:
		return nil, errors.New("the archive is empty")
	case bytes.HasPrefix(text, []byte("PK\x03\x04")), bytes.HasPrefix(text, []byte("PK\x05\x06")):
		return u, u.zip(text)
	case bytes.HasPrefix(text, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("damaged gzip: %w", err)
		}
		return u, u.tar(z)
	case bytes.HasPrefix(text, []byte("BZh")):
		return u, u.tar(bzip2.NewReader(bytes.NewReader(text)))
	}
	return u, u.tar(bytes.NewReader(text))
}

// errUnpacked is told by the reader below when the stream grows too large.
var errUnpacked = fmt.Errorf("the unpacked archive is larger than %d MiB", maxUnpacked>>20)

// bounded stops a compressed stream that unpacks without end.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errUnpacked
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

func (u *unpacking) tar(r io.Reader) error {
	all := bufio.NewReader(&bounded{r, maxUnpacked + 1<<20})
	t := tar.NewReader(all)
	for {
		h, err := t.Next()
		if err == io.EOF && u.entries > 0 {
			// To the end: only there stands the checksum of what was packed.
			if _, err := io.Copy(io.Discard, all); err != nil {
				return fmt.Errorf("damaged after its last member: %w", err)
			}
			return nil
		}
		switch {
		case err == io.EOF:
			return errors.New("the archive is empty")
		case errors.Is(err, errUnpacked):
			return err
		case err != nil && u.entries == 0:
			return fmt.Errorf("not a tar, tar.gz, tar.bz2 or zip archive (%w)", err)
		case err != nil:
			return fmt.Errorf("damaged archive after %d members: %w", u.entries, err)
		}
		dir := false
		switch h.Typeflag {
		case tar.TypeReg, '\x00':
		case tar.TypeDir:
			dir = true
		case tar.TypeXGlobalHeader:
			u.entries++
			continue
		case tar.TypeSymlink, tar.TypeLink:
			return fmt.Errorf("member %q is a link; packages contain only files and folders", h.Name)
		case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
			return fmt.Errorf("member %q is a device or pipe; packages contain only files and folders", h.Name)
		default:
			return fmt.Errorf("member %q is of tar type %q; packages contain only files and folders", h.Name, h.Typeflag)
		}
		if err := u.add(h.Name, dir, h.Size, func() (io.ReadCloser, error) { return io.NopCloser(t), nil }); err != nil {
			return err
		}
	}
}

func (u *unpacking) zip(text []byte) error {
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("damaged zip: %w", err)
	}
	for _, f := range z.File {
		mode := f.Mode()
		if mode&fs.ModeSymlink != 0 {
			return fmt.Errorf("member %q is a link; packages contain only files and folders", f.Name)
		}
		if f.Flags&1 != 0 {
			return fmt.Errorf("member %q is encrypted", f.Name)
		}
		if !mode.IsDir() && !mode.IsRegular() {
			return fmt.Errorf("member %q is a device or pipe; packages contain only files and folders", f.Name)
		}
		size := int64(maxMember + 1)
		if f.UncompressedSize64 <= maxMember {
			size = int64(f.UncompressedSize64)
		}
		if err := u.add(f.Name, mode.IsDir(), size, f.Open); err != nil {
			return err
		}
	}
	return nil
}

// add checks one member and keeps its content when it can be a file of the package.
func (u *unpacking) add(name string, dir bool, size int64, open func() (io.ReadCloser, error)) error {
	u.entries++
	u.size += size
	switch {
	case u.entries > maxEntries:
		return fmt.Errorf("the archive has more than %d members", maxEntries)
	case size > maxMember:
		return fmt.Errorf("member %q is larger than %d MiB", name, maxMember>>20)
	case u.size > maxUnpacked:
		return errUnpacked
	}
	clean, err := memberName(name)
	if err != nil {
		return err
	}
	if clean == "." || junk(clean) {
		return nil
	}
	top, below, nested := strings.Cut(clean, "/")
	if dir || nested {
		u.tops[top] = true
	}
	if dir || !wanted(clean) && !(nested && wanted(below)) {
		return nil
	}
	if _, twice := u.files[clean]; twice {
		return fmt.Errorf("duplicate member %q", clean)
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("member %q: %w", name, err)
	}
	defer r.Close()
	content, err := readLimited(r)
	if err != nil {
		return fmt.Errorf("member %q: %w", name, err)
	}
	if u.kept += len(content); u.kept > maxArchived {
		return fmt.Errorf("the files Drover reads have more than %d MiB together", maxArchived>>20)
	}
	u.files[clean] = content
	return nil
}

// memberName gives the clean relative name of a member, or says why it could leave the package's folder.
func memberName(name string) (string, error) {
	switch {
	case name == "" || strings.ContainsRune(name, 0):
		return "", fmt.Errorf("invalid member name %q", name)
	case strings.HasPrefix(name, "/"):
		return "", fmt.Errorf("member %q has an absolute path", name)
	case strings.Contains(name, `\`):
		return "", fmt.Errorf(`member %q has a backslash in its name; use / between folders`, name)
	case len(name) > 1 && name[1] == ':':
		return "", fmt.Errorf("member %q has an absolute path", name)
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", fmt.Errorf(`member %q has ".." in its path`, name)
		}
	}
	return path.Clean(name), nil
}

// junk is what desktop systems put into archives beside the files.
func junk(name string) bool {
	base := path.Base(name)
	return name == "__MACOSX" || strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._") || base == ".DS_Store"
}

// root gives the package's files with the one top-level folder, if any, removed from their names.
func (u *unpacking) root() (files, error) {
	_, config := u.files[ConfigFile]
	_, template := u.files[TemplateFile]
	if config || template {
		return u.below(""), nil
	}
	var folders []string
	for top := range u.tops {
		if _, ok := u.files[top+"/"+ConfigFile]; ok {
			folders = append(folders, top)
		} else if _, ok := u.files[top+"/"+TemplateFile]; ok {
			folders = append(folders, top)
		}
	}
	switch len(folders) {
	case 0:
		return files{}, nil // newPackage says what is missing
	case 1:
		return u.below(folders[0] + "/"), nil
	}
	return nil, fmt.Errorf("the archive contains %d packages (folders with %s); expected one", len(folders), ConfigFile)
}

func (u *unpacking) below(prefix string) files {
	out := files{}
	for name, content := range u.files {
		if rest, ok := strings.CutPrefix(name, prefix); ok && wanted(rest) {
			out[rest] = content
		}
	}
	return out
}
