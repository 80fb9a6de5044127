package workflows

import (
	"encoding/json"
	"reflect"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/workflows/api"
)

// Whatever an operation is started with: it is refused as invalid, or it is what was meant, and written again it is the same.
func FuzzInput(f *testing.F) {
	inputs := []any{
		api.CreateClusterInput{}, api.DeleteClusterInput{}, api.AddNodesInput{}, api.DeleteNodesInput{}, api.ScaleVerticalInput{},
		api.UpgradeClusterInput{}, api.DowngradeClusterInput{}, api.StartClusterInput{}, api.StopClusterInput{}, api.RestartClusterInput{},
		api.RunServiceInput{}, api.UpdateEnvInput{}, api.RepairClusterInput{},
	}
	for i, text := range []string{
		`{"app":"etcd","values":{"a.count":3}}`, `{"force":true}`, `{"role":"a","count":2,"barrier_timeout":"90s"}`, `{"nodes":["cln-abcdefgh"]}`,
		`{"role":"a","cpu":2,"cpu":3}`, `{"version":"2","on_failure":"rollback"}`, `[]`, `null`, `{"barrier_timeout":"-1s"}`, `{"role":null}`,
		`{"service":"backup","params":{"a":[1,{"b":null}]}}`, `{"values":{"env.a":"b"}}`,
	} {
		f.Add(uint8(i), []byte(text))
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		kind := reflect.TypeOf(inputs[int(which)%len(inputs)])
		read := func(data []byte) (any, error) {
			into := reflect.New(kind)
			err := decode(converter.NewRawValue(&commonpb.Payload{Data: data}), into.Interface())
			return into.Interface(), err
		}
		in, err := read(text)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			require.NotEmpty(t, fault.As(err).Problems)
			return
		}
		data, err := json.Marshal(in)
		require.NoError(t, err)
		again, err := read(data)
		require.NoError(t, err)
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.JSONEq(t, string(data), string(twice))
	})
}
