package pack_test

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metadata/pack"
)

// Damaged trees and changes, as an agent may find them in Consul.
func TestRefusedTreesAndChanges(t *testing.T) {
	t.Parallel()
	full := pack.Full{Revision: 3, Entries: []pack.Entry{{Key: "/a", Value: "1"}, {Key: "/b", Value: "2"}}}.Encode()
	recent := pack.Recent{{From: 1, To: 2, Set: []pack.Entry{{Key: "/a", Value: "1"}}}}.Encode()
	parseFull := func(b []byte) error { _, err := pack.ParseFull(b); return err }
	parseRecent := func(b []byte) error { _, err := pack.ParseRecent(b); return err }
	for _, c := range []struct {
		name, want string
		text       []byte
		parse      func([]byte) error
	}{
		{"tree empty", "not a packed metadata tree (0 bytes)", nil, parseFull},
		{"tree of JSON", "not a packed metadata tree", []byte(`{"a": 1}`), parseFull},
		{"tree of another kind", "not a packed metadata tree", recent, parseFull},
		{"tree of an unknown packing", "not a packed metadata tree", []byte("F\x07"), parseFull},
		{"tree cut", "is truncated", full[:len(full)-1], parseFull},
		{"tree without content", "is truncated", full[:2], parseFull},
		{"tree with a huge count", "is truncated", []byte("F\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01"), parseFull},
		{"tree with a huge text", "is truncated", []byte("F\x00\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), parseFull},
		{"tree with a number without end", "is truncated", []byte("F\x00" + strings.Repeat("\xff", 20)), parseFull},
		{"tree with a broken deflate", "unpack metadata tree", []byte("F\x01\xff\xff\xff"), parseFull},
		{"tree that is a bomb", "larger than 128 MiB", bombOf(t, 129<<20), parseFull},
		{"changes empty", "not packed metadata changes (0 bytes)", nil, parseRecent},
		{"changes of another kind", "not packed metadata changes", full, parseRecent},
		{"changes cut", "is truncated", recent[:len(recent)-1], parseRecent},
		{"changes with a huge size", "is truncated", []byte("R\xff\xff\xff\xff\x7f"), parseRecent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, c.parse(c.text), c.want)
		})
	}
}

// bombOf is a packed tree that is small and unpacks to n bytes.
func bombOf(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("F\x01")
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	require.NoError(t, err)
	_, err = io.CopyN(w, zeros{}, n)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
