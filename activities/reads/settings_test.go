package reads_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestValuesInForceWithoutPasswords(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(2)
	_, err := w.Change(func(rec *lifecycle.Record) error {
		require.Contains(t, world.JSON(t, rec), world.Secret, "the record itself has it")
		return nil
	})
	require.NoError(t, err)
	got, err := w.Acts.Reads.DescribeValues(t.Context(), api.DescribeValuesInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.NotContains(t, world.JSON(t, got), world.Secret)
	require.Equal(t, []api.Setting{
		{Path: "env.password", Label: "l", Description: "d", Type: "password", Changeable: true, Allowed: "password", Value: "(hidden)",
			Form: &api.Form{Key: "password", Preset: true, Separator: ","}},
	}, got.Settings)
	require.Len(t, got.Services, 3)
	require.Equal(t, api.ServiceView{Role: "a", Name: "custom job", Custom: true, TimeoutSec: 600, Parameters: []api.Setting{}}, got.Services[0])
	_, err = w.Acts.Reads.DescribeValues(t.Context(), api.DescribeValuesInput{ClusterID: "cl-unknown0"})
	w.RequireFault(fault.NotFound, err)
}

func TestDescribeAppOfTheDefaultVersion(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	got, err := w.Acts.Reads.DescribeApp(t.Context(), api.DescribeAppInput{App: rec.AppID})
	require.NoError(t, err)
	require.Equal(t, rec.VersionID, got.Version)
	require.NotEmpty(t, got.Why)
	require.NotEmpty(t, got.Settings)
	require.NotEmpty(t, got.Services)
	_, err = w.Acts.Reads.DescribeApp(t.Context(), api.DescribeAppInput{App: rec.AppID, Version: "none"})
	w.RequireFault(fault.NotFound, err)
}
