package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"mvdan.cc/sh/v3/syntax"

	"drover/tests/stack/tree"
)

// Every drover command of the documentation exists, with its flags and its number of arguments. Commands in running text are names:
// of them, command and flags are checked.
func TestDocumentedCommandsExist(t *testing.T) {
	t.Parallel()
	root, err := tree.Root()
	require.NoError(t, err)
	found := 0
	var wrong []string
	for _, page := range pages(t, root) {
		text, err := os.ReadFile(filepath.Join(root, page))
		require.NoError(t, err)
		blocks, prose := split(string(text))
		for _, block := range blocks {
			for _, args := range commandsOf(block) {
				found++
				wrong = noted(wrong, accepts(args, true), page, args)
			}
		}
		for _, span := range inline.FindAllStringSubmatch(prose, -1) {
			words := strings.Fields(span[1])
			if len(words) > 1 && words[0] == "drover" {
				found++
				wrong = noted(wrong, accepts(words[1:], false), page, words[1:])
			}
		}
	}
	require.Empty(t, wrong)
	require.Greater(t, found, 150, "the pages are not read as they are written")
}

// The examples of help texts are held to the same.
func TestExamplesOfHelpExist(t *testing.T) {
	t.Parallel()
	var wrong []string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, args := range commandsOf(c.Example) {
			wrong = noted(wrong, accepts(args, true), c.CommandPath(), args)
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(newApp(System{}).root())
	require.Empty(t, wrong)
}

// noted adds a command line that is refused, so that one test names all of them.
func noted(wrong []string, err error, where string, args []string) []string {
	if err == nil {
		return wrong
	}
	return append(wrong, where+": drover "+strings.Join(args, " ")+": "+err.Error())
}

func TestWrongCommandsAreFound(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"drover lst", "drover list --nothing", "drover status", "drover apps publish x", "drover env unset cl-a1b2c3d4", "drover resolve cl-a1b2c3d4",
		"x=$(drover nodes)", "docker compose exec worker drover delete",
	} {
		commands := commandsOf(line)
		require.Len(t, commands, 1, line)
		require.Error(t, accepts(commands[0], true), line)
	}
	require.Error(t, accepts([]string{"lst"}, false))
	require.Error(t, accepts([]string{"list", "--nothing"}, false))
}

// pages are the documentation. Decisions are dated and stay as they were.
func pages(t *testing.T, root string) []string {
	t.Helper()
	out := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for _, dir := range []string{"docs", "packages"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() == "decisions" {
				return filepath.SkipDir
			}
			if err == nil && strings.HasSuffix(path, ".md") {
				relative, _ := filepath.Rel(root, path) // both are absolute
				out = append(out, relative)
			}
			return err
		})
		require.NoError(t, err)
	}
	return out
}

var (
	fence  = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$")
	inline = regexp.MustCompile("`([^`]+)`")
)

// split gives the blocks of shell of a page, fenced or indented, and the running text. Of a transcript the lines after a prompt are
// commands.
func split(page string) (blocks []string, prose string) {
	page = fence.ReplaceAllStringFunc(page, func(found string) string {
		parts := fence.FindStringSubmatch(found)
		switch parts[1] {
		case "", "sh":
			blocks = append(blocks, parts[2])
		case "console":
			for line := range strings.Lines(parts[2]) {
				if command, ok := strings.CutPrefix(line, "$ "); ok {
					blocks = append(blocks, command)
				}
			}
		}
		return ""
	})
	var block, rest strings.Builder
	for line := range strings.Lines(page) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			block.WriteString(code)
			continue
		}
		rest.WriteString(line)
	}
	return append(blocks, block.String()), rest.String()
}

// commandsOf are the arguments of all drover commands in a text of shell. A text that is something else is read line by line, and has
// them where a line begins with one.
func commandsOf(text string) [][]string {
	if found, ok := parsed(text); ok {
		return found
	}
	var out [][]string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if found, ok := parsed(line); ok {
			out = append(out, found...)
		}
	}
	return out
}

func parsed(text string) (out [][]string, ok bool) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, false
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok {
			return true
		}
		words := make([]string, len(call.Args))
		for i, w := range call.Args {
			words[i] = wordOf(w.Parts)
		}
		for i, w := range words {
			if w == "drover" && (i == 0 || !strings.HasPrefix(words[i-1], "-")) { // not a value of another program
				out = append(out, words[i+1:])
				break
			}
		}
		return true
	})
	return out, true
}

// wordOf is a word as the shell would give it; what it would expand is an x.
func wordOf(parts []syntax.WordPart) string {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(strings.ReplaceAll(p.Value, `\`, ""))
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			b.WriteString(wordOf(p.Parts))
		default:
			b.WriteString("x")
		}
	}
	return b.String()
}

// accepts reports what the command line refuses before anything is done. A mention may leave out arguments, and have CLUSTER for one.
func accepts(args []string, whole bool) error {
	root := newApp(System{}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	if !whole {
		for i, a := range args {
			args[i] = strings.Trim(a, "[],|")
		}
	}
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if !whole {
		for _, a := range rest {
			name, isFlag := strings.CutPrefix(a, "--")
			name, _, _ = strings.Cut(name, "=")
			if isFlag && name != "" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
				return &unknownFlag{cmd.CommandPath(), name}
			}
		}
		return nil
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if help, _ := cmd.Flags().GetBool("help"); help {
		return nil
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return err
	}
	return cmd.ValidateFlagGroups()
}

type unknownFlag struct{ command, name string }

func (u *unknownFlag) Error() string { return u.command + " has no flag --" + u.name }
