package endtoend

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/tests/apps/builder"
)

// A walk is the transcript of a page: the indented lines between "<!-- transcript -->" and "<!-- end -->". Those that begin with
// "$ " are run in a shell and print the lines below them, among others; "..." is anything, and spaces do not count. The last of these lines may
// be "(exit code N)". Lines that begin with "# " are comments, and acts that are not Drover's, which the test has.
type walk struct {
	page  string            // below docs/
	names map[string]string // of the page, and those of the test
	acts  map[string]func()
}

var exitCode = regexp.MustCompile(`^\(exit code (\d+)\)$`)

// reads are the commands that are repeated until they print what the page has: what they show follows other things.
var reads = []string{"concerns", "doctor", "list", "logs", "ops", "status"}

// run gives the number of commands.
func (w walk) run(t *testing.T) (commands int) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("../../docs", w.page))
	require.NoError(t, err)
	_, text, found := strings.Cut(string(page), "<!-- transcript -->")
	require.True(t, found)
	text, _, found = strings.Cut(text, "<!-- end -->")
	require.True(t, found)
	for from, to := range w.names {
		text = strings.ReplaceAll(text, from, to)
	}
	text = strings.Join(regexp.MustCompile(`(?m)^    .*$`).FindAllString(text, -1), "\n")
	acts := map[string]bool{}
	dir := t.TempDir()
	for _, block := range regexp.MustCompile(`(?m)^ *(\$|#) `).Split(text, -1)[1:] {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		if act := w.acts[lines[0]]; act != nil {
			act()
			acts[lines[0]] = true
		}
		if words := strings.Fields(lines[0]); len(words) > 1 && words[0] == "drover" {
			commands++
			step(t, dir, lines[0], slices.Contains(reads, words[1]), lines[1:])
		}
	}
	require.Len(t, acts, len(w.acts), "every act is on the page")
	return commands
}

func step(t *testing.T, dir, command string, repeat bool, lines []string) {
	t.Helper()
	code, wanted := 0, []*regexp.Regexp{}
	for _, line := range lines {
		line = strings.Join(strings.Fields(line), " ")
		if match := exitCode.FindStringSubmatch(line); match != nil {
			code, _ = strconv.Atoi(match[1])
		} else if line != "" && line != "..." {
			wanted = append(wanted, regexp.MustCompile("(?m)^"+strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, ".*")+"$"))
		}
	}
	said, got, missing := "", 0, ""
	printed := func() bool {
		out, err := inShell(t, dir, command+" </dev/null")
		var exit *exec.ExitError
		got = 0
		if errors.As(err, &exit) {
			got = exit.ExitCode()
		}
		said, missing = "", ""
		for line := range strings.Lines(out) {
			said += strings.Join(strings.Fields(line), " ") + "\n"
		}
		for _, want := range wanted {
			if !want.MatchString(said) {
				missing = want.String()
				return false
			}
		}
		return got == code
	}
	for end := time.Now().Add(2 * time.Minute); !printed(); time.Sleep(200 * time.Millisecond) {
		require.True(t, repeat && time.Now().Before(end), "%s\nexit code %d, want %d\nnot printed: %s\n%s", command, got, code, missing, said)
	}
}

// The walk of docs/operators-day.md. Version 2 needs a licence on every node, version 3 an image that was never installed.
func TestAnOperatorsDay(t *testing.T) {
	t.Parallel()
	id := newID()
	app := checked(t, 3, "true")
	check := builder.Object{"enable": true, "interval_sec": 1, "timeout_sec": 5, "healthy_threshold": 2, "unhealthy_threshold": 2, "check_cmd": "test -e /data/up"}
	for version, image := range map[string]string{"2": "bare", "3": "not-installed"} {
		role := builder.NewRole("a", 3).Boots("local", image).Set("health_check", check).Shell(map[string]string{
			"start":   "touch /data/up",
			"stop":    "rm -f /data/up",
			"upgrade": "[ -e /data/licence ] || { echo 'no licence in /data/licence'; exit 4; }",
		})
		dir := t.TempDir()
		require.NoError(t, builder.New(app, role).UpgradesFrom("1", "2").Write(dir))
		drover(t, "apps", "publish", dir, "--app", app, "--version", version).OK(t)
	}
	w := walk{
		page:  "operators-day.md",
		names: map[string]string{"cl-a1b2c3d4": id, "orders": "orders-" + id[3:], "shop": app},
		acts: map[string]func(){
			"the service of a/2 dies": func() { removeFile(t, filepath.Join(volumeOf(t, id, 2), "up")) },
			"the licence is put on the nodes": func() {
				for _, dir := range volumes(t, id) {
					writeFile(t, filepath.Join(dir, "licence"), "")
				}
			},
		},
	}
	require.Greater(t, w.run(t), 15)
}
