package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"
)

// One release for this machine, and what is in it.
func TestRelease(t *testing.T) {
	r := release{root: "..", out: filepath.Join(t.TempDir(), "dist"), version: "v1.2.3"}
	require.NoError(t, r.make(t.Context(), []string{runtime.GOARCH}))
	file := func(end string) string { return filepath.Join(r.out, "drover_1.2.3_linux_"+runtime.GOARCH+end) }

	t.Run("archive", func(t *testing.T) {
		found := map[string]*tar.Header{}
		packed, err := os.Open(file(".tar.gz"))
		require.NoError(t, err)
		defer packed.Close()
		plain, err := gzip.NewReader(packed)
		require.NoError(t, err)
		members := tar.NewReader(plain)
		top := "drover_1.2.3_linux_" + runtime.GOARCH
		folder := t.TempDir()
		for {
			header, err := members.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			found[header.Name] = header
			require.Equal(t, r.time.Unix(), header.ModTime.Unix(), header.Name)
			if header.Name == top+"/usr/lib/drover/drover" {
				content, err := io.ReadAll(members)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, "drover"), content, 0o755))
			}
		}
		for _, name := range []string{
			"/usr/lib/drover/drover-agent", "/usr/lib/drover/drover-node", "/usr/lib/drover/drover-worker", "/usr/bin/drover", "/usr/bin/drover-worker",
			"/usr/lib/systemd/system/drover-worker.service", "/etc/default/drover-worker", "/etc/drover/worker.yaml",
			"/usr/lib/drover/drover-console", "/usr/bin/drover-console", "/usr/lib/systemd/system/drover-console.service", "/etc/default/drover-console",
			"/usr/share/man/man1/drover-create.1", "/usr/share/man/man8/drover-worker.8", "/usr/share/man/man8/drover-console.8",
			"/usr/share/bash-completion/completions/drover", "/usr/share/doc/drover/copyright",
		} {
			require.Contains(t, found, top+name)
		}
		require.Equal(t, "../lib/drover/drover", found[top+"/usr/bin/drover"].Linkname)
		out, err := exec.Command(filepath.Join(folder, "drover"), "version").CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "v1.2.3")
	})

	t.Run("package", func(t *testing.T) {
		out := run(t, "dpkg-deb", "--info", file(".deb"))
		require.Contains(t, out, "Package: drover\n")
		require.Contains(t, out, "Version: 1.2.3\n")
		out = run(t, "dpkg-deb", "--contents", file(".deb"))
		require.Regexp(t, `-rw-r----- root/root .* \./etc/drover/worker.yaml`, out)
		require.Regexp(t, `\./usr/bin/drover-worker -> \.\./lib/drover/drover-worker`, out)
		control := t.TempDir()
		run(t, "dpkg-deb", "--control", file(".deb"), control)
		settings, err := os.ReadFile(filepath.Join(control, "conffiles"))
		require.NoError(t, err)
		require.Equal(t, "/etc/default/drover-console\n/etc/default/drover-worker\n/etc/drover/worker.yaml\n", string(settings))
	})

	t.Run("units", func(t *testing.T) {
		folder := t.TempDir()
		run(t, "dpkg-deb", "--extract", file(".deb"), folder)
		for _, unit := range []string{"drover-worker.service", "drover-console.service"} {
			out := run(t, "systemd-analyze", "--root="+folder, "--man=no", "--recursive-errors=no", "verify", unit)
			require.NotContains(t, out, "Unknown")
			run(t, "systemd-analyze", "--root="+folder, "--offline=yes", "--threshold=20", "security", unit)
		}
	})

	t.Run("modules", func(t *testing.T) {
		content, err := os.Open(file(".cdx.json"))
		require.NoError(t, err)
		defer content.Close()
		var bom cyclonedx.BOM
		require.NoError(t, cyclonedx.NewBOMDecoder(content, cyclonedx.BOMFileFormatJSON).Decode(&bom))
		var names []string
		for _, c := range *bom.Components {
			names = append(names, c.Name)
		}
		require.Contains(t, names, "go.temporal.io/sdk")
		require.Contains(t, names, "std")
	})

	t.Run("sums", func(t *testing.T) {
		check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
		check.Dir = r.out
		out, err := check.CombinedOutput()
		require.NoError(t, err, string(out))
	})
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}
