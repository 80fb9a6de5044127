// Command words checks comments, string literals and pages for words that docs/words.md replaces by plain technical English.
// `make lint` runs it in the root of the repository. It prints file:line, the word and a better one, and exits with 1.
//
// It is not a spelling or style checker: it knows one short list of words and the rooms that are free of them. A line that
// needs one of the words, a quotation for example, ends with the marker words:allow.
package main

import (
	"bytes"
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// rooms are the folders and files without words of the list; a room is added when its texts are rewritten. Folders are
// read with everything below them, except testdata.
var rooms = []string{
	"codec", "fault", "specs", "starter", "client", "tools/words",
	"lifecycle/access.go", "lifecycle/allow.go", "lifecycle/doctor.go", "lifecycle/links.go", "lifecycle/orphan.go",
	"README.md", "CONTRIBUTING.md", "docs", "workflows", "activities", "lifecycle", "durable",
	"agent",
	"remote", "metadata", "metrics", "worker", "tests/chaos", "providers", "packages", "tests", "tools",
}

// left are files inside rooms that are not checked.
var left = []string{
	"docs/decisions",      // dated, kept as written
	"docs/conformance.md", // not rewritten
	"docs/chaos.md",       // quotes the tables of a program
	// passwd files
	"providers/local/internal/sandbox/furnish.go", "tests/endtoend/given/machines_test.go", "tests/stack/engine/image.go",
}

// marker allows the words of its line.
const marker = "words:allow"

// words maps each unwanted word to better ones.
var words = []struct {
	pattern *regexp.Regexp
	better  string
}{
	{word(`somebody|someone`), "the user, another process, or the passive"},    // words:allow
	{word(`nobody`), "no user, no process, or \"unknown\""},                    // words:allow
	{word(`anybody`), "a user, a process"},                                     // words:allow
	{word(`whoever`), "every user who, the caller that"},                       // words:allow
	{word(`anew`), "again, or the verb with re-"},                              // words:allow
	{word(`shall`), "must, will"},                                              // words:allow
	{word(`tells|tell`), "reports, shows"},                                     // words:allow
	{word(`goes on|go on|going on`), "continues, resumes"},                     // words:allow
	{word(`tried again|try again|tries again|trying again`), "retried, retry"}, // words:allow
	{word(`taken back|takes back|take back`), "undone, undo"},                  // words:allow
	{word(`of by then`), "with the state at that time"},                        // words:allow
	{word(`(?:is|are|was) no ["%]*\pL+`), "is not a, has no"},
}

// negations may follow "is no": they are plain English.
var negations = regexp.MustCompile(`(?i)^\w+ no (longer|more|less|fewer|better|larger|later)$`)

func word(alternatives string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:\b([\pL]+)\s+)?\b(` + alternatives + `)(?:\b|$)`)
}

// finding is one use of an unwanted word.
type finding struct {
	file         string
	line         int
	word, better string
}

func main() {
	findings, err := check(os.DirFS("."), rooms)
	if err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(2)
	}
	for _, f := range findings {
		fmt.Printf("%s:%d: %q: use %s (docs/words.md)\n", f.file, f.line, f.word, f.better)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

// check reads all files of the rooms.
func check(root fs.FS, rooms []string) ([]finding, error) {
	var out []finding
	for _, room := range rooms {
		err := fs.WalkDir(root, room, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case slices.Contains(left, file) || entry.IsDir() && entry.Name() == "testdata":
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case entry.IsDir():
				return nil
			}
			content, err := fs.ReadFile(root, file)
			if err != nil {
				return err
			}
			switch filepath.Ext(file) {
			case ".go":
				out = append(out, source(file, content)...)
			case ".md":
				out = append(out, text(file, 1, unquoted(string(content)), nil)...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// source checks the comments and string literals of a Go file.
func source(file string, content []byte) []finding {
	var out []finding
	lines := bytes.Split(content, []byte("\n"))
	allowed := func(line int) bool { return bytes.Contains(lines[line-1], []byte(marker)) }
	files := token.NewFileSet()
	at := files.AddFile(file, files.Base(), len(content))
	var s scanner.Scanner
	s.Init(at, content, nil, scanner.ScanComments)
	for {
		pos, tok, literal := s.Scan()
		switch tok {
		case token.EOF:
			return out
		case token.COMMENT, token.STRING:
			out = append(out, text(file, at.Line(pos), literal, allowed)...)
		}
	}
}

// unquoted blanks the fenced blocks of a page, which quote programs.
func unquoted(page string) string {
	lines, inside := strings.Split(page, "\n"), false
	for i, line := range lines {
		fence := strings.HasPrefix(line, "```")
		if inside || fence {
			lines[i] = ""
		}
		inside = inside != fence
	}
	return strings.Join(lines, "\n")
}

// text checks lines of text, the first of which is line number first of its file. allowed may exempt lines; without it
// lines with the marker are.
func text(file string, first int, content string, allowed func(int) bool) []finding {
	var out []finding
	for i, line := range strings.Split(content, "\n") {
		if strings.Contains(line, marker) || allowed != nil && allowed(first+i) {
			continue
		}
		for _, w := range words {
			for _, match := range w.pattern.FindAllStringSubmatch(line, -1) {
				if strings.EqualFold(match[1], "there") || negations.MatchString(match[2]) {
					continue
				}
				out = append(out, finding{file, first + i, match[2], w.better})
			}
		}
	}
	return out
}
