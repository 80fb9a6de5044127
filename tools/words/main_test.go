package main

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"room/a.go": {Data: []byte("package a\n\n// Nobody waits.\nvar anew = \"the file is no archive\"\n" + // words:allow
			"var b = `one\nSomebody` // it is no longer used, there is no other\nvar c = \"shall\" // words:allow\n")}, // words:allow
		"room/testdata/a.go":  {Data: []byte("package a // anew\n")},                                                                                   // words:allow
		"room/a.txt":          {Data: []byte("anew\n")},                                                                                                // words:allow
		"docs/a.md":           {Data: []byte("The operation goes on.\nmarshalled, renewed\n| shall | must | <!-- words:allow -->\n```\nshall\n```\n")}, // words:allow
		"docs/decisions/1.md": {Data: []byte("anew\n")},                                                                                                // words:allow
		"other/a.go":          {Data: []byte("package a // anew\n")},                                                                                   // words:allow
	}
	found, err := check(root, []string{"room", "docs"})
	require.NoError(t, err)
	var short []finding
	for _, f := range found {
		require.NotEmpty(t, f.better)
		short = append(short, finding{file: f.file, line: f.line, word: f.word})
	}
	require.Equal(t, []finding{
		{file: "room/a.go", line: 3, word: "Nobody"},        // words:allow
		{file: "room/a.go", line: 4, word: "is no archive"}, // words:allow
		{file: "room/a.go", line: 6, word: "Somebody"},      // words:allow
		{file: "docs/a.md", line: 1, word: "goes on"},       // words:allow
	}, short)
	_, err = check(root, []string{"missing"})
	require.Error(t, err)
}
