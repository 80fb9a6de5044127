package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/conformance"
)

func TestEveryStepIsProvenAndThePageSaysSo(t *testing.T) {
	t.Parallel()
	root, err := findRoot()
	require.NoError(t, err)
	proofs, err := scan(root, conformance.Procedures)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, p := range conformance.Procedures {
		for _, s := range p.Steps {
			require.False(t, seen[s.ID], "%s is listed twice", s.ID)
			seen[s.ID] = true
			require.NotEmpty(t, proofs[s.ID], "no test proves %s (%s); name one Test%s_... or mark it with a comment line \"step: %s\"",
				s.ID, s.Words, s.ID, s.ID)
		}
	}
	written, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	require.Equal(t, format(conformance.Procedures, proofs), string(written), "%s is not up to date: go generate ./tests/conformance", page)
}

func TestStepsInNames(t *testing.T) {
	t.Parallel()
	s := scanner{ids: []string{"S1", "S2", "CC1", "CC2", "CC3", "DN2", "DN2b", "DN3", "DN12"}}
	for name, want := range map[string][]string{
		"CC1toCC3CreateCluster": {"CC1", "CC2", "CC3"},
		"CC1_CC3_Words":         {"CC1", "CC3"},
		"S1andS2OrderGroups":    {"S1", "S2"},
		"DN2bPreCheck":          {"DN2b"},
		"DN2Barrier":            {"DN2"},
		"DN12_Words":            {"DN12"},
		"DN2b_DN3":              {"DN2b", "DN3"},
		"S3Buckets":             nil,
		"S1x":                   nil,
		"SidsAreStable":         nil,
	} {
		require.Equal(t, want, s.named(name), name)
	}
}

func TestProofsOfATree(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(path, text string) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	procedures := []conformance.Procedure{{Name: "P", Steps: []conformance.Step{{ID: "S1", Words: "one"}, {ID: "S2", Words: "two"}}}}
	write("a/x_test.go", "package a\n\n// Words.\n//\n// step: S2 S1\nfunc TestS1_Words() {}\n\nfunc S2Helper() {}\n")
	write("conformance/y_test.go", "package b\n\nfunc TestS1_Other() {}\n")
	write(".build/z_test.go", "package c\n\nfunc TestS2_Hidden() {}\n")
	proofs, err := scan(root, procedures)
	require.NoError(t, err)
	require.Equal(t, map[string][]proof{
		"S1": {{"a", "TestS1_Words"}, {"conformance", "TestS1_Other"}}, "S2": {{"a", "TestS1_Words"}},
	}, proofs)
	require.Contains(t, format(procedures, proofs), "| S1 | one | conformance: S1_Other<br>a: S1_Words |\n| S2 | two | a: S1_Words |\n")

	write("a/x_test.go", "package a\n\n// step: S9\nfunc TestWords() {}\n")
	_, err = scan(root, procedures)
	require.ErrorContains(t, err, "a TestWords: S9")
}
