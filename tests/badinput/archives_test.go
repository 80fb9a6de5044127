package badinput

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/specs"
)

// member is a file of an archive, or something else by its kind.
type member struct {
	name, text, link string
	kind             byte
}

func tarOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Linkname: m.link, Mode: 0o644, Size: int64(len(m.text))}
		if m.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		require.NoError(t, w.WriteHeader(h))
		_, err := w.Write([]byte(m.text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zipOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m.name)
		require.NoError(t, err)
		_, err = f.Write([]byte(m.text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gzipOf(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func archiveCases(t *testing.T) []refusal {
	good := []member{{name: specs.ConfigFile, text: config}, {name: specs.TemplateFile, text: template}}
	with := func(m member) []byte { return tarOf(t, append([]member{m}, good...)...) }
	whole := tarOf(t, good...)
	negative := bytes.Clone(whole)
	copy(negative[124:136], "-0000000001\x00")
	sum := bytes.Clone(whole)
	sum[0] ^= 1
	packed := gzipOf(t, whole)
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 0xff
	bomb := gzipOf(t, tarOf(t, member{name: "bomb", text: strings.Repeat("\x00", 33<<20)}))
	var out []refusal
	for _, c := range []struct {
		name    string
		archive []byte
		tells   string
	}{
		{"nothing", nil, "the archive is empty"},
		{"text", []byte("hello"), "not a tar, tar.gz, tar.bz2 or zip"},
		{"a program", []byte("\x7fELF" + strings.Repeat("\x00", 600)), "not a tar"},
		{"xz", []byte("\xfd7zXZ\x00"), "not a tar"},
		{"negative size", negative, "not a tar"},
		{"wrong checksum", sum, "not a tar"},
		{"tar cut in a header", whole[:100], "not a tar"},
		{"tar cut in a member", whole[:700], "unexpected EOF"},
		{"gzip of nothing", gzipOf(t, nil), "empty"},
		{"gzip of text", gzipOf(t, []byte("hello")), "not a tar"},
		{"gzip header only", []byte("\x1f\x8b"), "damaged gzip"},
		{"gzip cut", packed[:len(packed)/2], "unexpected EOF"},
		{"gzip with a wrong checksum", flipped, "checksum"},
		{"gzip with garbage behind", append(bytes.Clone(packed), "garbage"...), "damaged behind its last member"},
		{"gzip in gzip", gzipOf(t, packed), "not a tar"},
		{"bzip2 broken", []byte("BZh91AY&SYxxxx"), "not a tar"},
		{"bomb", bomb, "larger than 32 MiB"},
		{"climbing member", with(member{name: "../../etc/passwd", text: "x"}), `member "../../etc/passwd"`},
		{"climbing inside", with(member{name: "a/../../b", text: "x"}), `".." in its path`},
		{"absolute member", with(member{name: "/etc/passwd", text: "x"}), "absolute path"},
		{"backslashes", with(member{name: `..\..\x`, text: "x"}), `member "..\\..\\x"`},
		{"symlink", with(member{name: "config", link: "/etc/shadow", kind: tar.TypeSymlink}), `member "config" is a link`},
		{"hard link", with(member{name: "config", link: "/etc/shadow", kind: tar.TypeLink}), `member "config" is a link`},
		{"character device", with(member{name: "null", kind: tar.TypeChar}), `member "null" is a device`},
		{"block device", with(member{name: "disk", kind: tar.TypeBlock}), `member "disk" is a device`},
		{"pipe", with(member{name: "pipe", kind: tar.TypeFifo}), `member "pipe" is a device or pipe`},
		{"config twice", with(member{name: specs.ConfigFile, text: "{}"}), `member "config.json" is there twice`},
		{"no template", tarOf(t, good[0]), "has no cluster.json.mustache"},
		{"no config", tarOf(t, good[1]), "has no config.json"},
		{"too deep", tarOf(t, member{name: "a/b/" + specs.ConfigFile, text: config}), "has no config.json"},
		{"zip cut", zipOf(t, good...)[:200], "damaged zip"},
		{"zip climbing", zipOf(t, member{name: "../config.json", text: config}), `".." in its path`},
		{"zip absolute", zipOf(t, member{name: "/config.json", text: config}), "absolute path"},
		{"zip twice", zipOf(t, good[0], good[0], good[1]), "is there twice"},
	} {
		out = append(out, refusal{c.name, func(*testing.T) error {
			_, err := specs.FromArchive("p.tgz", bytes.NewReader(c.archive))
			return err
		}, fault.Invalid, []string{"package p.tgz", c.tells}})
	}
	return out
}
