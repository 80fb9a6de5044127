package consultest_test

import (
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/tests/stack/consultest"
)

func TestSharedServerIsOne(t *testing.T) {
	first, client := consultest.Start(t)
	second, _ := consultest.Start(t)
	require.Equal(t, first, second)
	require.NotEqual(t, consultest.Prefix(), consultest.Prefix())

	_, err := client.KV().Put(&api.KVPair{Key: consultest.Prefix(), Value: []byte("x")}, nil)
	require.NoError(t, err)
}

func TestOwnServerKeepsItsDataOverAKill(t *testing.T) {
	s := consultest.StartServer(t, "")
	_, err := s.Client.KV().Put(&api.KVPair{Key: "k", Value: []byte("v")}, nil)
	require.NoError(t, err)

	s.Stop()
	_, _, err = s.Client.KV().Get("k", nil)
	require.Error(t, err)

	require.NoError(t, s.Start())
	kv, _, err := s.Client.KV().Get("k", nil)
	require.NoError(t, err)
	require.Equal(t, "v", string(kv.Value))
}
