package pack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"drover/metadata/pack"
)

func sorted(m map[string]string) []pack.Entry {
	out := []pack.Entry{}
	for k, v := range m {
		out = append(out, pack.Entry{Key: k, Value: v})
	}
	pack.Sort(out)
	return out
}

func TestFullRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		full := pack.Full{
			Revision: rapid.Int64Min(0).Draw(t, "revision"),
			Entries:  sorted(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "tree")),
		}
		got, err := pack.ParseFull(full.Encode())
		require.NoError(t, err)
		require.Equal(t, full, got)
	})
}

func TestLargeFullIsDeflated(t *testing.T) {
	t.Parallel()
	tree := map[string]string{}
	for i := range 20000 {
		tree[fmt.Sprintf("/self/hosts/kv/i-%08x/ip", i)] = strings.Repeat("10.0.0.1 ", 3)
	}
	full := pack.Full{Revision: 3, Entries: sorted(tree)}
	packed := full.Encode()
	require.Less(t, len(packed), pack.CompressAbove)
	got, err := pack.ParseFull(packed)
	require.NoError(t, err)
	require.Equal(t, full, got)
}

func TestRecentFollowsATree(t *testing.T) {
	t.Parallel()
	values := rapid.MapOf(rapid.SampledFrom([]string{"/a", "/b", "/b/c", "/d", "/é"}), rapid.SampledFrom([]string{"", "1", "2"}))
	rapid.Check(t, func(t *rapid.T) {
		trees := rapid.SliceOfN(values, 2, 14).Draw(t, "trees")
		var recent pack.Recent
		for i := 1; i < len(trees); i++ {
			recent = recent.Push(delta(int64(i), trees[i-1], trees[i]))
			require.LessOrEqual(t, len(recent), pack.MaxDeltas)
		}
		recent, err := pack.ParseRecent(recent.Encode())
		require.NoError(t, err)
		newest := len(trees)
		require.EqualValues(t, newest, recent.Newest())
		for i, tree := range trees {
			changes, ok := recent.Since(int64(i + 1))
			require.Equal(t, newest-(i+1) <= pack.MaxDeltas, ok)
			if ok {
				require.Equal(t, sorted(trees[newest-1]), append([]pack.Entry{}, changes.Apply(sorted(tree))...))
			}
		}
	})
}

func delta(from int64, old, new map[string]string) pack.Delta {
	d := pack.Delta{From: from, To: from + 1}
	gone := map[string]string{}
	set := map[string]string{}
	for k, v := range new {
		if was, ok := old[k]; !ok || was != v {
			set[k] = v
		}
	}
	for k := range old {
		if _, ok := new[k]; !ok {
			gone[k] = ""
		}
	}
	d.Set = sorted(set)
	for _, e := range sorted(gone) {
		d.Delete = append(d.Delete, e.Key)
	}
	return d
}

func TestRecentForgetsWhatDoesNotLeadOn(t *testing.T) {
	t.Parallel()
	recent := pack.Recent{}.Push(pack.Delta{From: 1, To: 2}).Push(pack.Delta{From: 5, To: 6})
	require.Len(t, recent, 1)
	_, ok := recent.Since(1)
	require.False(t, ok)

	huge := pack.Delta{From: 6, To: 7, Set: []pack.Entry{{Key: "/k", Value: strings.Repeat("x", pack.MaxRecentBytes)}}}
	require.Empty(t, recent.Push(huge))
}

// FuzzParse: damaged values are errors, never panics or huge allocations.
func FuzzParse(f *testing.F) {
	f.Add(pack.Full{Revision: 1, Entries: []pack.Entry{{Key: "/a", Value: "1"}, {Key: "/ab"}}}.Encode())
	f.Add(pack.Recent{{From: 1, To: 2, Set: []pack.Entry{{Key: "/a", Value: "1"}}, Delete: []string{"/b"}}}.Encode())
	f.Add([]byte("F\x00\x01\xff\xff\xff\xff\x0f\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = pack.ParseFull(b)
		_, _ = pack.ParseRecent(b)
	})
}
