package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// name is drover_VERSION_linux_ARCH, without the v of a tag.
func (r *release) name(arch string) string {
	return fmt.Sprintf("drover_%s_linux_%s", strings.TrimPrefix(r.version, "v"), arch)
}

// tar writes the files below one folder, at the places they have in the package.
func (r *release) tar(arch string, files []file) (err error) {
	out, err := os.Create(filepath.Join(r.out, r.name(arch)+".tar.gz"))
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(out)
	members := tar.NewWriter(packed)
	defer func() { err = errors.Join(err, members.Close(), packed.Close(), out.Close()) }()
	sorted := slices.SortedFunc(slices.Values(files), func(a, b file) int { return strings.Compare(a.to, b.to) })
	for _, f := range sorted {
		header := &tar.Header{Name: r.name(arch) + f.to, ModTime: r.time, Uname: "root", Gname: "root", Format: tar.FormatPAX}
		if f.link != "" {
			header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, f.link, 0o777
			if err := members.WriteHeader(header); err != nil {
				return err
			}
			continue
		}
		content, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		header.Typeflag, header.Size, header.Mode = tar.TypeReg, int64(len(content)), int64(f.mode)
		if err := members.WriteHeader(header); err != nil {
			return err
		}
		if _, err := members.Write(content); err != nil {
			return err
		}
	}
	return nil
}

// sums writes SHA256SUMS, as sha256sum -c reads it.
func (r *release) sums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, entry := range entries {
		content, err := os.Open(filepath.Join(r.out, entry.Name()))
		if err != nil {
			return err
		}
		hash := sha256.New()
		_, err = io.Copy(hash, content)
		content.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", hash.Sum(nil), entry.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(lines.String()), 0o644)
}
