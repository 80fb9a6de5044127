package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// file is one installed file: its place, where it comes from, and whether it is a setting that updates must keep.
type file struct {
	to, from string
	mode     fs.FileMode
	setting  bool
	link     string // for symbolic links, in place of from
}

const (
	libraries = "/usr/lib/drover"
	papers    = "/usr/share/doc/drover"
)

// files returns everything a package has for one architecture.
func (r *release) files(arch string) ([]file, error) {
	var all []file
	for _, p := range programs {
		all = append(all, file{to: path.Join(libraries, p.name), from: r.built(arch, p.name), mode: 0o755})
		if p.onPath {
			all = append(all, file{to: "/usr/bin/" + p.name, link: "../lib/drover/" + p.name})
		}
		if unit := filepath.Join(r.root, "packaging/files", p.name+".service"); exists(unit) {
			all = append(all, file{to: "/usr/lib/systemd/system/" + p.name + ".service", from: unit, mode: 0o644})
		}
		if variables := filepath.Join(r.root, "packaging/files", p.name+".default"); exists(variables) {
			all = append(all, file{to: "/etc/default/" + p.name, from: variables, mode: 0o640, setting: true})
		}
	}
	all = append(all, file{to: "/etc/drover/worker.yaml", from: filepath.Join(r.root, "packaging/files/worker.yaml"), mode: 0o640, setting: true})
	for from, to := range map[string]string{
		"CHANGELOG.md": papers, "docs/production.md": papers, "docs/security.md": papers, "docs/providers.md": papers,
		"docs/console.md": papers, "docs/oidc.example.yaml": papers + "/examples",
		"docs/hosts.example.yaml": papers + "/examples", "docs/drover.example.yaml": papers + "/examples",
	} {
		all = append(all, file{to: path.Join(to, path.Base(from)), from: filepath.Join(r.root, from), mode: 0o644})
	}
	all = append(all, file{to: papers + "/copyright", from: filepath.Join(r.root, "LICENSE"), mode: 0o644})
	documents := filepath.Join(r.work, "documents")
	err := filepath.WalkDir(documents, func(from string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			below, _ := filepath.Rel(documents, from)
			all = append(all, file{to: path.Join("/usr/share", below), from: from, mode: 0o644})
		}
		return err
	})
	return all, err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
