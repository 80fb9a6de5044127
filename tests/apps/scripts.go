package apps

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

// scripts are the shell scripts of an image, or of the folder node it is made of.
func scripts(t *testing.T, image string) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"bin/*", "lib/*.sh", "services/*"} {
		found, err := filepath.Glob(filepath.Join(image, "opt", "app", pattern))
		require.NoError(t, err)
		files = append(files, found...)
	}
	require.NotEmpty(t, files, image)
	return files
}

// CheckScripts lets shellcheck look at the scripts of the package in the current folder, and at those all builds share.
// That a function is never called, or code never reached, it cannot know: files are sourced by others.
func CheckScripts(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed")
	}
	args := append([]string{"-s", "sh", "-x", "-P", "SCRIPTDIR", "-e", "SC2317,SC2329", "build.sh", "../lay.sh", "../debian.sh"}, scripts(t, "node")...)
	out, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// CheckTexts asserts that a built package, whose image has the same name, has no findings but warnings with certain words,
// that every exit code its scripts choose has a text in every language and no text stands for an unused code, and that
// its Chinese has every label and description.
func CheckTexts(t *testing.T, folder, version string, warnings ...string) {
	t.Helper()
	p := Open(t, folder, version)
	findings := specs.Lint(t.Context(), p)
	require.Len(t, findings, len(warnings))
	for i, f := range findings {
		require.Contains(t, fmt.Sprint(f), warnings[i])
	}
	used := map[string]bool{"err_code2": true} // unknown service
	codes := regexp.MustCompile(`\bfail (\d+) `)
	for _, file := range scripts(t, filepath.Join(Package(t, folder, version), "..", "..", "images", folder+"-"+version)) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range codes.FindAllStringSubmatch(string(text), -1) {
			code, err := strconv.Atoi(m[1])
			require.NoError(t, err)
			used["err_code"+strconv.Itoa(code)] = true
		}
	}
	isCode := regexp.MustCompile(`^err_code\d+$`)
	for _, lang := range []string{"en", "zh-cn"} {
		for code := range used {
			require.NotEmpty(t, p.Locales[lang][code], "%s: %s", lang, code)
		}
		for key := range p.Locales[lang] {
			require.True(t, used[key] || !isCode.MatchString(key), "%s: no script ends with %s", lang, key)
		}
	}
	for _, it := range p.Config.Items {
		require.NotEmpty(t, p.Locales["zh-cn"][it.Label], it.Label)
		require.NotEmpty(t, p.Locales["zh-cn"][it.Description], it.Description)
	}
}
