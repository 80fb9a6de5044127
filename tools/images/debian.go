package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const release = "bookworm"

// debian is a tar file with the smallest Debian; debootstrap makes it, once.
func debian(ctx context.Context, root string) (string, error) {
	dir := filepath.Join(root, ".build", "debootstrap")
	file := filepath.Join(dir, release+"-slim.tar")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if _, err := exec.LookPath("debootstrap"); err != nil {
		return "", errors.New("images are made on a Debian that debootstrap installs, and there is none (apt-get install debootstrap)")
	}
	if os.Geteuid() != 0 {
		return "", errors.New("debootstrap needs root")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(dir, "root-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	target := filepath.Join(temp, "root")
	fmt.Fprintf(os.Stderr, "installing Debian %s (once, about a minute)...\n", release)
	for _, args := range [][]string{
		{"debootstrap", "--variant=minbase", release, target},
		// As in the public image: no lists, no downloaded packages, no manuals.
		{"sh", "-c", `cd "$1" && rm -rf var/lib/apt/lists/* var/cache/apt/*.bin var/cache/apt/archives/*.deb usr/share/doc/* usr/share/man/* usr/share/locale/* dev/*`, "sh", target},
		{"tar", "--numeric-owner", "-C", target, "-cf", file + ".new", "."},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w; the end of its output: %s", args[0], err, out[max(0, len(out)-2000):])
		}
	}
	return file, os.Rename(file+".new", file)
}
