package pack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metadata/pack"
)

// Other values than a packed tree are refused; an unpacked tree packs to the same tree again.
func FuzzParseFull(f *testing.F) {
	f.Add(pack.Full{Revision: 7, Entries: []pack.Entry{{Key: "/a", Value: "1"}, {Key: "/a/b", Value: ""}}}.Encode())
	f.Add([]byte("F\x01\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		full, err := pack.ParseFull(data)
		if err != nil {
			return
		}
		again, err := pack.ParseFull(full.Encode())
		require.NoError(t, err)
		require.Equal(t, full, again)
	})
}

func FuzzParseRecent(f *testing.F) {
	f.Add(pack.Recent{{From: 1, To: 2, Set: []pack.Entry{{Key: "/a", Value: "1"}}, Delete: []string{"/b"}}}.Encode())
	f.Add([]byte("R\x02\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		recent, err := pack.ParseRecent(data)
		if err != nil {
			return
		}
		again, err := pack.ParseRecent(recent.Encode())
		require.NoError(t, err)
		require.Equal(t, recent, again)
	})
}
