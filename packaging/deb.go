package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	packed "github.com/goreleaser/nfpm/v2/files"
)

// isVersion is what Debian compares as one; a bare commit is not.
var isVersion = regexp.MustCompile(`^[0-9]+\.`)

// deb writes the package for Debian and Ubuntu.
func (r *release) deb(arch string, files []file) (err error) {
	version := strings.TrimPrefix(r.version, "v")
	if !isVersion.MatchString(version) {
		version = "0.0.0~" + version
	}
	script := func(name string) string { return filepath.Join(r.root, "packaging/files", name) }
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "drover", Arch: arch, Platform: "linux", Version: version, VersionSchema: "none",
		Section: "admin", Priority: "optional", Maintainer: "Drover <drover@localhost>", License: "Apache-2.0", MTime: r.time,
		Description: "durable lifecycle management of application clusters\n" +
			"Creates, scales, upgrades, backs up and deletes clusters on own machines.\n" +
			"Needs a Temporal server and Consul, which are not part of this package.",
		Overridables: nfpm.Overridables{
			Depends: []string{"adduser"}, Recommends: []string{"systemd", "bash-completion"}, Suggests: []string{"openssh-client"},
			Scripts: nfpm.Scripts{PostInstall: script("postinst"), PreRemove: script("prerm"), PostRemove: script("postrm")},
		},
	})
	for _, f := range files {
		content := &packed.Content{Source: f.from, Destination: f.to, FileInfo: &packed.ContentFileInfo{Mode: f.mode, MTime: r.time}}
		switch {
		case f.link != "":
			content.Source, content.Type = f.link, packed.TypeSymlink
		case f.setting:
			content.Type = packed.TypeConfigNoReplace
		}
		info.Contents = append(info.Contents, content)
	}
	out, err := os.Create(filepath.Join(r.out, r.name(arch)+".deb"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return err
	}
	return deb.Default.Package(info, out)
}
