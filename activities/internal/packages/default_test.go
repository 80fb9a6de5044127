package packages

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metadata"
)

// published are versions of one application, in the order they were published; one that ends with ! is yanked.
type published []string

func (p published) Apps(context.Context) ([]metadata.App, error) {
	var out []metadata.App
	for i, v := range p {
		app := metadata.App{AppID: "a", PublishedAt: fmt.Sprintf("2026-01-%02dT00:00:00Z", i+1)}
		if app.VersionID, _ = strings.CutSuffix(v, "!"); app.VersionID != v {
			app.Yanked = "2026-02-01T00:00:00Z"
		}
		out = append(out, app)
	}
	return out, nil
}

func TestDefaultVersion(t *testing.T) {
	t.Parallel()
	for versions, want := range map[string]string{
		"3.5.0 3.10.0 3.9.9":         "3.10.0",
		"3.6.0 3.7.0-rc.1 3.5.17":    "3.6.0",
		"v1.2 2":                     "2",
		"10 9":                       "10",
		"3.7.0-rc.1 latest":          "latest",
		"blue green":                 "green",
		"2026.11.29 green":           "2026.11.29",
		"1.0.0+build.7 0.9":          "1.0.0+build.7",
		"3.5.0-drover1 3.5.0-rc.1 x": "x",
		"3.5.0 3.6.0! 3.7.0-rc.1":    "3.5.0",
		"blue green! 1.0!":           "blue",
	} {
		got, why, err := Default(t.Context(), published(strings.Fields(versions)), "a")
		require.NoError(t, err)
		require.Equal(t, want, got, versions)
		require.NotEmpty(t, why)
	}
	_, _, err := Default(t.Context(), published{"1!", "2!"}, "a")
	require.ErrorContains(t, err, "all published versions of a are yanked: 2, 1")
}
