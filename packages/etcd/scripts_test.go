package etcd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func scripts(t *testing.T) []string {
	t.Helper()
	files := []string{"build.sh", "node/opt/app/bin/etcd-node"}
	for _, pattern := range []string{"node/opt/app/lib/*.sh", "node/opt/app/services/*"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		files = append(files, found...)
	}
	return files
}

func TestShellcheck(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed")
	}
	// That a function is never called, or code never reached, it cannot know: files are sourced by others.
	args := append([]string{"-s", "sh", "-x", "-P", "SCRIPTDIR", "-e", "SC2317,SC2329"}, scripts(t)...)
	out, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// Every exit code the scripts choose has a text in every language, and there are no texts for unused codes.
func TestExitCodesHaveTexts(t *testing.T) {
	t.Parallel()
	used := map[int]bool{2: true} // unknown service
	codes := regexp.MustCompile(`\bfail (\d+) `)
	for _, file := range scripts(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range codes.FindAllStringSubmatch(string(text), -1) {
			code, err := strconv.Atoi(m[1])
			require.NoError(t, err)
			used[code] = true
		}
	}
	p := open(t, "3.6")
	for _, lang := range []string{"en", "zh-cn"} {
		texts := p.Locales[lang]
		for code := range used {
			require.NotEmpty(t, texts["err_code"+strconv.Itoa(code)], "%s: err_code%d", lang, code)
		}
		for key := range texts {
			if digits, ok := cutCode(key); ok {
				require.True(t, used[digits], "%s: no script ends with %s", lang, key)
			}
		}
	}
}

func cutCode(key string) (int, bool) {
	m := regexp.MustCompile(`^err_code(\d+)$`).FindStringSubmatch(key)
	if m == nil {
		return 0, false
	}
	code, err := strconv.Atoi(m[1])
	return code, err == nil
}

// Texts of the translation stand for texts of config.json; one that changed there must be translated again.
func TestTranslationIsComplete(t *testing.T) {
	t.Parallel()
	p := open(t, "3.6")
	have := p.Locales["zh-cn"]
	for _, it := range p.Config.Items {
		require.NotEmpty(t, have[it.Label], it.Label)
		require.NotEmpty(t, have[it.Description], it.Description)
	}
}

// A second build over a finished one touches nothing: images may be in use.
func TestBuildAgainChangesNothing(t *testing.T) {
	t.Parallel()
	dir, err := built()
	require.NoError(t, err)
	look := func() map[string]os.FileInfo {
		infos := map[string]os.FileInfo{}
		for _, part := range []string{"packages", "images"} {
			err := filepath.Walk(filepath.Join(dir, part), func(path string, info os.FileInfo, err error) error {
				infos[path] = info
				return err
			})
			require.NoError(t, err)
		}
		return infos
	}
	stray := filepath.Join(dir, "images", "etcd-3.6", "opt", "app", "services", "gone")
	before := look()
	require.NoError(t, os.WriteFile(stray, nil, 0o644))
	out, err := exec.Command("./build.sh", dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoFileExists(t, stray)
	after := look()
	require.Len(t, after, len(before))
	for path, info := range before {
		require.True(t, os.SameFile(info, after[path]), path)
		if !info.IsDir() {
			require.Equal(t, info.ModTime(), after[path].ModTime(), path)
		}
	}
}
