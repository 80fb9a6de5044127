// Command docs writes the parts of the documentation that code declares: the room table of README, CONTRIBUTING and
// docs/architecture.md, the tables of docs/lifecycle.md, which come from lifecycle.Catalogue, and those of docs/metrics.md,
// which come from package metrics, and the schemas and the table of docs/json, which come from starter/cli. A part stands between the lines "<!-- generated: NAME -->" and "<!-- end -->". Its test fails when a page is not up to date.
//
//	go run ./tools/docs            write the pages
//
// It decides nothing about content elsewhere in these pages. Callers: people, after they changed a declaration.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"drover/tests/stack/tree"
)

// pages have generated parts.
var pages = []string{"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/lifecycle.md", "docs/metrics.md", "docs/packages/reference.md", "docs/json/README.md"}

func main() {
	root, err := tree.Root()
	if err == nil {
		err = write(root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func write(root string) error {
	if err := writeSchemas(root); err != nil {
		return err
	}
	for _, page := range pages {
		path := filepath.Join(root, page)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		now, err := generate(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
		if now == string(text) {
			continue
		}
		if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", page)
	}
	return nil
}

var part = regexp.MustCompile(`(?s)<!-- generated: ([a-zA-Z ]+) -->\n.*?<!-- end -->`)

// generate replaces the parts of a page.
func generate(text string) (string, error) {
	var unknown error
	out := part.ReplaceAllStringFunc(text, func(old string) string {
		name := part.FindStringSubmatch(old)[1]
		content, ok := contentOf(name)
		if !ok {
			unknown = fmt.Errorf("no part is called %q", name)
			return old
		}
		return "<!-- generated: " + name + " -->\n" + content + "<!-- end -->"
	})
	return out, unknown
}
