// Command table writes docs/conformance.md: every step of the documented procedures and the tests that prove it. Its own
// test fails when a step has no test, a test names a step that does not exist, or the page is not up to date.
//
//	go run ./tests/conformance/table            print the page
//	go run ./tests/conformance/table -write     write it (go generate ./tests/conformance does so)
//
// A test proves the steps its name begins with (TestAN1toAN7_Replicas, TestDC5_DC6_Refusal, TestCC4InitAfterStart), and those
// its comment lists in a line "step: S1 S2".
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"drover/tests/conformance"
)

// page is where the table is, below the root of the source tree.
const page = "docs/conformance.md"

func main() {
	write := flag.Bool("write", false, "write "+page)
	flag.Parse()
	if err := run(*write); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(write bool) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	proofs, err := scan(root, conformance.Procedures)
	if err != nil {
		return err
	}
	text := format(conformance.Procedures, proofs)
	if !write {
		fmt.Print(text)
		return nil
	}
	return os.WriteFile(filepath.Join(root, page), []byte(text), 0o644)
}

// findRoot is the folder above the working directory that has go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", fmt.Errorf("not inside the source tree: no folder above has go.mod")
		}
		dir = above
	}
}
