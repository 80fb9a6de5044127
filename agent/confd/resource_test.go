package confd

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseResource(t *testing.T) {
	t.Parallel()
	r, err := parseResource("x.toml", []byte(`
# A comment
[Template]
SRC = "sub/x.tmpl"
Dest = "/etc/x.conf"
Keys = [
  "/host",
  "/env",
]
prefix = "/ignored"
Mode = "0640"
uid = 3
gid = -1
owner = "redis"
Check_Cmd = "x -t {{.src}}"
reload_cmd = "systemctl reload x | tee {{not a template}}"
output_format = "JSON"
min_reload_interval = "90s"
check_cmd_timeout = 7
RELOAD_CMD_TIMEOUT = "2m"
`))
	require.NoError(t, err)
	require.Empty(t, r.notes)
	require.Equal(t, "sub/x.tmpl", r.src)
	require.Equal(t, "/etc/x.conf", r.dest)
	require.Equal(t, []string{"/host", "/env"}, r.keys)
	require.Equal(t, uint32(0o640), *r.mode)
	require.Equal(t, 3, *r.uid)
	require.Nil(t, r.gid)
	require.Equal(t, "redis", r.owner)
	require.NotNil(t, r.check)
	require.Equal(t, "systemctl reload x | tee {{not a template}}", r.reload)
	require.Equal(t, "json", r.format)
	require.Equal(t, 90*time.Second, r.spacing)
	require.Equal(t, 7*time.Second, r.checkTimeout)
	require.Equal(t, 2*time.Minute, r.reloadTimeout)
}

func TestBrokenResources(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "no [template] table",
		"src = 'a'":                       "no [template] table",
		"[template]\nsrc = \"a":           "line 2",
		"[template]\ndest='/x'":           "src is missing",
		"[template]\nsrc='a'":             "dest is missing",
		"[template]\nsrc='a'\ndest='/x/'": "is a folder",
		"[template]\nsrc=5\ndest='/x'":    "src",
		"[template]\nsrc='a'\ndest='/x'\nmode='rw'":                      "mode",
		"[template]\nsrc='a'\ndest='/x'\ncheck_cmd='{{'":                 "check_cmd",
		"[template]\nsrc='a'\ndest='/x'\noutput_format='ini'":            "output_format",
		"[template]\nsrc='a'\ndest='/x'\nreload_cmd_timeout='soon'":      "soon",
		"[template]\nsrc='a'\ndest='/x'\nmin_reload_interval=-5":         "-5",
		"[template]\nsrc='a'\ndest='/x'\nmin_reload_interval=true":       "duration",
		"[template]\nsrc='a'\ndest='/x'\nmin_reload_interval=9999999999": "duration",
	} {
		_, err := parseResource("x.toml", []byte(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err := parseResource("x.toml", []byte("[template]\nmode='u+x'\n"))
	require.Len(t, each(err), 3, "all problems at once: %v", err)
}

func TestOddResourcesWork(t *testing.T) {
	t.Parallel()
	r, err := parseResource("x.toml", []byte("[template]\nsrc='a'\ndest='x'\nreload-cmd='r'\n[other]\ny=1\n"))
	require.NoError(t, err)
	require.Equal(t, "/x", r.dest)
	require.Equal(t, []string{
		`dest "x" is not absolute and is taken from /`, "field other is unknown and ignored", "field other.y is unknown and ignored",
		"field template.reload-cmd is unknown and ignored", "keys is empty: the template sees no key at all",
	}, r.notes)
}

func TestModes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		bits uint32
		odd  bool
	}{
		"0644": {0o644, false}, "0x1a4": {0o644, false}, "0o600": {0o600, false}, "644": {0o204, true}, "420": {0o644, true}, "04755": {0o755, true},
	} {
		var r resource
		require.NoError(t, r.parseMode(text))
		require.Equal(t, want.bits, *r.mode, text)
		require.Equal(t, want.odd, len(r.notes) > 0, text)
	}
}

func TestQuarantineLeavesTheOthers(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", "x")
	n.write("conf.d/b.toml", "[template\nsrc = 'b'")
	n.write("conf.d/deep/ctoml", "[template]\nsrc = \"a.tmpl\"\ndest = \""+n.path("c")+"\"\n")
	n.write("conf.d/notes.toml.bak", "nothing")
	require.NoError(t, os.Symlink("nowhere", filepath.Join(n.conf, "conf.d/z.toml")))
	r := n.apply()
	require.Equal(t, []string{"b.toml parse", "z.toml parse"}, whats(r.Warnings))
	require.Equal(t, "x", n.read("c"))
	var names, states []string
	for _, s := range n.Resources() {
		names, states = append(names, s.Name), append(states, s.Status)
	}
	require.Equal(t, []string{"a.toml", "b.toml", "deep/ctoml", "z.toml"}, names)
	require.Equal(t, []string{StatusApplied, StatusQuarantined, StatusApplied, StatusQuarantined}, states)
	require.Contains(t, n.Resources()[1].Message, "line ")
}

func TestQuarantineKeepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", "x", `reload_cmd = "r"`)
	n.fail = map[string]string{"r": ""}
	n.apply()
	good, err := os.ReadFile(filepath.Join(n.conf, "conf.d/a.toml"))
	require.NoError(t, err)
	n.write("conf.d/a.toml", "broken")
	n.apply()
	require.True(t, n.NextRetry().IsZero())
	n.took()
	n.write("conf.d/a.toml", string(good))
	n.apply()
	require.Equal(t, []string{"r"}, n.took(), "the failed reload is still due")
}

func TestLastWriterOfAFileWins(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", "first", `reload_cmd = "ra"`)
	n.write("templates/b.tmpl", "second")
	n.write("conf.d/b.toml", "[template]\nsrc = \"b.tmpl\"\nkeys = [\"/\"]\ndest = \""+n.path("a")+"\"\n")
	n.apply()
	require.Equal(t, "second", n.read("a"))
	require.Empty(t, n.took())
	require.Equal(t, StatusShadowed, n.Resources()[0].Status)
	require.Zero(t, n.apply().Changed)
}

func TestChangesOfTheConfigurationAreSeen(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{include "part"}}`)
	n.write("templates/part", "1")
	require.False(t, n.ConfChanged())
	n.apply()
	for _, change := range []struct {
		file, text, want string
	}{
		{"templates/part", "2", "2"},
		{"templates/a.tmpl", `<{{include "part"}}>`, "<2>"},
		{"conf.d/new.toml", "[template]\nsrc='missing'\ndest='" + n.path("new") + "'\n", "<2>"},
		{"templates/missing", "no longer", "<2>"},
	} {
		require.False(t, n.ConfChanged(), change.file)
		n.write(change.file, change.text)
		require.True(t, n.ConfChanged(), change.file)
		_, err := n.Retry(t.Context())
		require.NoError(t, err)
		require.Equal(t, change.want, n.read("a"), change.file)
	}
	require.Equal(t, "no longer", n.read("new"))
	require.NoError(t, os.Remove(filepath.Join(n.conf, "conf.d/new.toml")))
	require.True(t, n.ConfChanged())
}

func TestKeysOfAResourceNarrowItsTree(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.write("templates/x", `{{exists "/a/b"}}{{exists "/c"}}`)
	for name, keys := range map[string]string{"all": `["/"]`, "some": `["/a"]`, "none": `[]`} {
		n.write("conf.d/"+name+".toml", "[template]\nsrc='x'\nprefix='/elsewhere'\ndest='"+n.path(name)+"'\nkeys="+keys)
	}
	n.kv["/a/b"], n.kv["/c"] = "", ""
	n.apply()
	require.Equal(t, "truetrue", n.read("all"))
	require.Equal(t, "truefalse", n.read("some"))
	require.Equal(t, "falsefalse", n.read("none"))
}

func TestTemplatesStayBelowTheirFolder(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.write("secret", "outside")
	n.write("templates/secret", "inside")
	n.write("conf.d/a.toml", "[template]\nsrc='../secret'\ndest='"+n.path("a")+"'\n")
	n.write("conf.d/b.toml", "[template]\nsrc='b'\ndest='"+n.path("b")+"'\n")
	n.write("templates/b", `{{include "../../secret"}}`)
	n.apply()
	require.Equal(t, "inside", n.read("a"))
	require.Equal(t, "inside", n.read("b"))
}

func TestErrorsDoNotRepeatValues(t *testing.T) {
	t.Parallel()
	for _, call := range []string{
		`add (getv "/p") 1`, `max 1 (getv "/p")`, `atoi (getv "/p")`, `parseBool (getv "/p")`, `json (getv "/p")`,
		`base64Decode (getv "/p")`, `seq 1 (getv "/p")`, `mod (getv "/p") 2`, `fromJson (getv "/p")`, `add (getv "/q") 1`,
	} {
		_, err := renderText("{{"+call+"}}", NewTree(map[string]string{"/p": "s3cr3t!", "/q": "s3.cr3t"}))
		require.Error(t, err, call)
		require.NotContains(t, err.Error(), "cr3t", call)
	}
}

func TestOutputFormat(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for format, text := range map[string]struct{ good, bad string }{
		"json": {`{"a": [1]}`, `{"a": [1}`}, "yaml": {"a: 1\n---\nb: 2\n", "a: [1"}, "toml": {"a = 1", "a = = 1"}, "xml": {"<a><b/></a>", "<a><b></a>"},
	} {
		n.resource(format+"-good", text.good, `output_format = "`+format+`"`)
		n.resource(format+"-bad", text.bad, `output_format = "`+format+`"`)
	}
	r := n.apply()
	require.Equal(t, []string{"json-bad.toml render", "toml-bad.toml render", "xml-bad.toml render", "yaml-bad.toml render"}, whats(r.Warnings))
	require.Equal(t, 4, r.Changed)
	require.NotContains(t, tomlFormat([]byte("a = s3cr3t")).Error(), "s3cr3t")
}

func TestRunawayTemplateIsStopped(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{range 1000000000}}{{repeat 100000 "0123456789"}}{{end}}`)
	n.resource("b", "fine")
	r := n.apply()
	require.Equal(t, []string{"a.toml render"}, whats(r.Warnings))
	require.Contains(t, r.Warnings[0].Message, "larger than 32 MiB")
	require.Equal(t, "fine", n.read("b"))
}
