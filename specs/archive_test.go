package specs

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// smallest is a package that renders.
var smallest = map[string]string{
	ConfigFile:       configOf(`{"key": "a", "type": "string", "default": "b"}`),
	TemplateFile:     `{"name": "small", "nodes": [{"count": 1, ` + role + `}], "env": {"a": {{env.a}}}}`,
	"locale/en.json": `{"err_code3": "three"}`,
	"icon.png":       "\x89PNG",
}

// order keeps archives the same from run to run.
var order = []string{"icon.png", "locale/en.json", TemplateFile, ConfigFile}

func tarOf(t testing.TB, prefix string, more ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	writeTar(t, &b, prefix, more...)
	return b.Bytes()
}

func writeTar(t testing.TB, out io.Writer, prefix string, more ...*tar.Header) {
	t.Helper()
	w := tar.NewWriter(out)
	zeros := make([]byte, maxMember+1)
	for _, h := range more {
		require.NoError(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write(zeros[:h.Size])
			require.NoError(t, err)
		}
	}
	for _, name := range order {
		require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: prefix + name, Mode: 0o644, Size: int64(len(smallest[name]))}))
		_, err := w.Write([]byte(smallest[name]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
}

// largeOf is a tar.gz that is small as it comes and large when unpacked.
func largeOf(t testing.TB, members ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	require.NoError(t, err)
	writeTar(t, z, "", members...)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func gzipOf(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zipOf(t testing.TB, prefix string, more ...*zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, h := range more {
		_, err := w.CreateHeader(h)
		require.NoError(t, err)
	}
	for _, name := range order {
		f, err := w.Create(prefix + name)
		require.NoError(t, err)
		_, err = f.Write([]byte(smallest[name]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func bzip2Of(t testing.TB, text []byte) []byte {
	t.Helper()
	if _, err := exec.LookPath("bzip2"); err != nil {
		t.Skip("no bzip2 program to make an archive with")
	}
	cmd := exec.Command("bzip2", "-c")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	require.NoError(t, err)
	return out
}

func TestOpenForms(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(t *testing.T) []byte{
		"tar":                func(t *testing.T) []byte { return tarOf(t, "") },
		"tar with dot":       func(t *testing.T) []byte { return tarOf(t, "./", &tar.Header{Typeflag: tar.TypeDir, Name: "./"}) },
		"tar.gz":             func(t *testing.T) []byte { return gzipOf(t, tarOf(t, "")) },
		"tar.gz in a folder": func(t *testing.T) []byte { return gzipOf(t, tarOf(t, "etcd-1.2/")) },
		"tar.bz2":            func(t *testing.T) []byte { return bzip2Of(t, tarOf(t, "x/")) },
		"zip":                func(t *testing.T) []byte { return zipOf(t, "") },
		"zip in a folder":    func(t *testing.T) []byte { return zipOf(t, "my app/", &zip.FileHeader{Name: "my app/"}) },
		"zip of a Mac": func(t *testing.T) []byte {
			return zipOf(t, "app/", &zip.FileHeader{Name: "__MACOSX/app/._config.json"})
		},
		"tar of git": func(t *testing.T) []byte {
			return tarOf(t, "", &tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "c"}})
		},
		"beside other folders": func(t *testing.T) []byte {
			return tarOf(t, "app/", &tar.Header{Typeflag: tar.TypeReg, Name: "docs/readme.md", Size: 3})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "package.bin") // the name says nothing
			require.NoError(t, os.WriteFile(file, make(t), 0o600))
			p, err := Open(file)
			require.NoError(t, err)
			require.Equal(t, file, p.Source)
			c, _, err := p.Render(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, "small", c.Name)
			text, ok := p.ErrCode("en", 3)
			require.True(t, ok)
			require.Equal(t, "three", text)
			require.Len(t, p.files, 3, "pictures are not read")
		})
	}
}

func TestRefusedArchives(t *testing.T) {
	t.Parallel()
	member := func(kind byte, name string) *tar.Header {
		return &tar.Header{Typeflag: kind, Name: name, Linkname: "x"}
	}
	link := &zip.FileHeader{Name: "link"}
	link.SetMode(fs.ModeSymlink | 0o777)
	device := &zip.FileHeader{Name: "null"}
	device.SetMode(fs.ModeDevice)
	locked := &zip.FileHeader{Name: "locked", Flags: 1}
	var many []*tar.Header
	for range maxEntries + 1 {
		many = append(many, &tar.Header{Typeflag: tar.TypeDir, Name: "d/"})
	}
	var large []*tar.Header
	for range maxUnpacked/maxMember + 1 {
		large = append(large, &tar.Header{Typeflag: tar.TypeReg, Name: "f", Size: maxMember})
	}
	whole := tarOf(t, "")
	negative, sum, packed := bytes.Clone(whole), bytes.Clone(whole), gzipOf(t, whole)
	copy(negative[124:136], "-0000000001\x00")
	sum[0] ^= 1
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 0xff
	for name, tc := range map[string]struct {
		archive []byte
		want    string
	}{
		"a program":                  {[]byte("\x7fELF" + strings.Repeat("\x00", 600)), "not a tar"},
		"xz":                         {[]byte("\xfd7zXZ\x00"), "not a tar"},
		"negative size":              {negative, "not a tar"},
		"wrong checksum":             {sum, "not a tar"},
		"tar cut in a header":        {whole[:100], "not a tar"},
		"tar cut in a member":        {whole[:1100], "unexpected EOF"},
		"gzip of nothing":            {gzipOf(t, nil), "empty"},
		"gzip header only":           {[]byte("\x1f\x8b"), "damaged gzip"},
		"gzip with a wrong checksum": {flipped, "checksum"},
		"gzip with garbage behind":   {append(bytes.Clone(packed), "garbage"...), "damaged after its last member"},
		"gzip in gzip":               {gzipOf(t, packed), "not a tar"},
		"bzip2 broken":               {[]byte("BZh91AY&SYxxxx"), "not a tar"},
		"backslashes":                {tarOf(t, "", member(tar.TypeReg, `..\..\x`)), `member "..\\..\\x"`},
		"block device":               {tarOf(t, "", member(tar.TypeBlock, "disk")), `member "disk" is a device`},
		"zip twice":                  {zipOf(t, "", &zip.FileHeader{Name: ConfigFile}), "duplicate member"},
		"dots":                       {tarOf(t, "", member(tar.TypeReg, "a/../../etc/passwd")), `member "a/../../etc/passwd" has ".." in its path`},
		"dots in zip":                {zipOf(t, "", &zip.FileHeader{Name: "../config.json"}), `member "../config.json" has ".." in its path`},
		"absolute":                   {tarOf(t, "", member(tar.TypeReg, "/etc/passwd")), `member "/etc/passwd" has an absolute path`},
		"absolute in zip":            {zipOf(t, "", &zip.FileHeader{Name: "/config.json"}), "has an absolute path"},
		"drive":                      {zipOf(t, "", &zip.FileHeader{Name: "C:/config.json"}), "has an absolute path"},
		"backslash":                  {zipOf(t, "", &zip.FileHeader{Name: `locale\en.json`}), "has a backslash"},
		"symlink":                    {tarOf(t, "", member(tar.TypeSymlink, "link")), `member "link" is a link`},
		"hard link":                  {tarOf(t, "", member(tar.TypeLink, "link")), `member "link" is a link`},
		"symlink in zip":             {zipOf(t, "", link), `member "link" is a link`},
		"device":                     {tarOf(t, "", member(tar.TypeChar, "null")), `member "null" is a device`},
		"pipe":                       {tarOf(t, "", member(tar.TypeFifo, "pipe")), `member "pipe" is a device or pipe`},
		"device in zip":              {zipOf(t, "", device), `member "null" is a device`},
		"encrypted":                  {zipOf(t, "", locked), `member "locked" is encrypted`},
		"too many members":           {gzipOf(t, tarOf(t, "", many...)), "more than 10000 members"},
		"large member":               {largeOf(t, &tar.Header{Typeflag: tar.TypeReg, Name: "big", Size: maxMember + 1}), `member "big" is larger than 32 MiB`},
		"large in all":               {largeOf(t, large...), "the unpacked archive is larger than 64 MiB"},
		"large config":               {gzipOf(t, tarOf(t, "x/", &tar.Header{Typeflag: tar.TypeReg, Name: ConfigFile, Size: maxFile + 1})), "larger than 1 MiB"},
		"large archive":              {make([]byte, maxArchive+1), "the archive is larger than 32 MiB"},
		"twice":                      {tarOf(t, "", &tar.Header{Typeflag: tar.TypeReg, Name: "./" + ConfigFile}), `duplicate member "config.json"`},
		"two packages":               {append(tarOf(t, "a/")[:len(tarOf(t, "a/"))-1024], tarOf(t, "b/")...), "the archive contains 2 packages"},
		"empty":                      {nil, "the archive is empty"},
		"empty tar":                  {make([]byte, 1024), "the archive is empty"},
		"empty zip":                  {[]byte("PK\x05\x06" + strings.Repeat("\x00", 18)), "has no config.json and no cluster.json.mustache"},
		"text":                       {[]byte("hello, world"), "not a tar, tar.gz, tar.bz2 or zip archive"},
		"gzip of text":               {gzipOf(t, []byte("hello")), "not a tar, tar.gz, tar.bz2 or zip archive"},
		"cut tar.gz":                 {gzipOf(t, tarOf(t, ""))[:300], "unexpected EOF"},
		"cut zip":                    {zipOf(t, "")[:300], "damaged zip"},
		"bad gzip":                   {[]byte("\x1f\x8bxxxxxxxxxxxx"), "damaged gzip"},
		"no template":                {tarOf(t, "deep/er/"), "has no config.json and no cluster.json.mustache"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := FromArchive("p.tgz", bytes.NewReader(tc.archive))
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, "package p.tgz")
			require.True(t, fault.Is(err, fault.Invalid), "%#v", err)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "none"))
	require.ErrorContains(t, err, "no such folder or archive")
	require.True(t, fault.Is(err, fault.NotFound))

	_, err = Open(dir)
	require.ErrorContains(t, err, "has no config.json and no cluster.json.mustache")
	require.NotEmpty(t, fault.As(err).Hint)

	require.NoError(t, os.WriteFile(filepath.Join(dir, ConfigFile), []byte("{}"), 0o600))
	_, err = Open(dir)
	require.ErrorContains(t, err, "has no cluster.json.mustache")
	require.NotContains(t, err.Error(), "no config.json")

	require.NoError(t, os.Mkdir(filepath.Join(dir, TemplateFile), 0o700))
	_, err = Open(dir)
	require.ErrorContains(t, err, "cluster.json.mustache cannot be read: not a regular file")

	require.NoError(t, os.Remove(filepath.Join(dir, TemplateFile)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, TemplateFile), make([]byte, maxFile+1), 0o600))
	_, err = Open(dir)
	require.ErrorContains(t, err, "larger than 1 MiB")
}

// TestFolderNamesAreLiteral: a folder may be called like a pattern.
func TestFolderNamesAreLiteral(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), `we[i]rd *`)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "locale"), 0o700))
	for name, text := range smallest {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	p, err := Open(dir)
	require.NoError(t, err)
	require.Contains(t, p.Locales, "en")
}

// TestPublishedArchive: the same files give the same bytes, and only the files that count.
func TestPublishedArchive(t *testing.T) {
	t.Parallel()
	p, err := FromArchive("a", bytes.NewReader(tarOf(t, "app/")))
	require.NoError(t, err)
	first, err := p.Archive()
	require.NoError(t, err)
	q, err := FromArchive("b", bytes.NewReader(zipOf(t, "")))
	require.NoError(t, err)
	second, err := q.Archive()
	require.NoError(t, err)
	require.Equal(t, first, second)

	again, err := FromArchive("c", bytes.NewReader(first))
	require.NoError(t, err)
	require.Equal(t, p.files, again.files)
	require.Len(t, again.files, 3)
}

func TestErrCode(t *testing.T) {
	t.Parallel()
	p, err := Open(filepath.Join("testdata", "packages", "lantern"))
	require.NoError(t, err)
	for _, tc := range []struct {
		lang string
		code int
		want string
	}{
		{"en", 1, "The wick is wet"}, {"zh-cn", 1, "灯芯湿了"}, {"zh_CN", 1, "灯芯湿了"}, {"ZH-CN", 64, "No oil"},
		{"de", 64, "No oil"}, {"en-GB", 1, "The wick is wet"}, {"", 1, "The wick is wet"}, {"en", 2, ""},
	} {
		got, ok := p.ErrCode(tc.lang, tc.code)
		require.Equal(t, tc.want, got, "%s %d", tc.lang, tc.code)
		require.Equal(t, tc.want != "", ok)
	}
}
