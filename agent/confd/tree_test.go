package confd

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// anyKeys draws keys from few short names, so that folders, leaves and names that sort around '/' meet.
var anyKeys = rapid.MapOfN(rapid.Custom(func(t *rapid.T) string {
	part := rapid.SampledFrom([]string{"a", "b", "a-b", "a.b", "ab", "0", "é", "*"})
	return "/" + strings.Join(rapid.SliceOfN(part, 0, 4).Draw(t, "parts"), "/")
}), rapid.StringMatching(`[a-c]?`), 0, 30)

// match must be path.Match over all keys, whatever it steps over.
func TestMatchIsPathMatch(t *testing.T) {
	t.Parallel()
	pattern := rapid.OneOf(
		rapid.StringMatching(`(/(\*|\?|a|b|a-b|a\*|\*b|\*\*|\[ab\]|\[\^a\]|\\\*|é|)){0,4}`),
		rapid.StringMatching(`[/*?ab\[\]\\^-]{0,8}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		kv, pattern := anyKeys.Draw(t, "keys"), pattern.Draw(t, "pattern")
		got, err := NewTree(kv).match(pattern)
		want, wantErr := bruteMatch(kv, pattern)
		require.Equal(t, wantErr, err != nil)
		if err == nil {
			require.Equal(t, want, got)
		}
	})
}

func bruteMatch(kv map[string]string, pattern string) ([]Pair, bool) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, true
	}
	out := []Pair{}
	for _, key := range slices.Sorted(maps.Keys(kv)) {
		if ok, _ := path.Match(pattern, key); ok {
			out = append(out, Pair{key, kv[key]})
		}
	}
	return out, false
}

func TestListIsWhatIsBelow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kv := anyKeys.Draw(t, "keys")
		dir := rapid.SampledFrom([]string{"/a", "/b", "/a/b", "/a-b", "/a/a", "/zz"}).Draw(t, "dir")
		all, folders := map[string]bool{}, map[string]bool{}
		for key := range kv {
			if key == dir {
				all[path.Base(dir)] = true
			}
			if rest, below := strings.CutPrefix(key, dir+"/"); below {
				name, _, folder := strings.Cut(rest, "/")
				all[name] = true
				if folder {
					folders[name] = true
				}
			}
		}
		tree := NewTree(kv)
		require.ElementsMatch(t, slices.Collect(maps.Keys(all)), tree.list(dir, false))
		require.ElementsMatch(t, slices.Collect(maps.Keys(folders)), tree.list(dir+"/", true))
		require.True(t, slices.IsSorted(tree.list(dir, false)))
	})
}

func TestNarrowIsTheKeysBelow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kv := anyKeys.Draw(t, "keys")
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"/a", "a/b/", "/b", "/zz", "/a-b"}), 0, 4).Draw(t, "narrow")
		want := map[string]string{}
		for key, value := range kv {
			for _, k := range keys {
				k = "/" + strings.Trim(k, "/")
				if key == k || strings.HasPrefix(key, k+"/") {
					want[key] = value
				}
			}
		}
		tree := NewTree(kv)
		before := slices.Clone(tree.pairs)
		got := map[string]string{}
		narrow := tree.Narrow(keys)
		for _, p := range narrow.pairs {
			got[p.Key] = p.Value
		}
		require.Equal(t, want, got)
		require.Len(t, narrow.pairs, len(want))
		require.Equal(t, before, tree.pairs, "the tree itself stays as it was")
	})
}

func TestKeysAreCleaned(t *testing.T) {
	t.Parallel()
	tree := NewTree(map[string]string{"a/b": "1", "/c/": "2", "/c": "3", "//d//e": "4"})
	require.Equal(t, []Pair{{"/a/b", "1"}, {"/c", "3"}, {"/d/e", "4"}}, tree.pairs)
	require.Equal(t, 3, tree.Len())
}

func TestCleanKeyIsPathClean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[/.a]{0,8}`).Draw(t, "key")
		require.Equal(t, path.Clean("/"+key), cleanKey(key))
	})
}

func TestReadKeys(t *testing.T) {
	t.Parallel()
	kv, err := ReadKeys(strings.NewReader(`{"/a/b": "1", "c": {"d": {"e": "2"}, "n": 1.50, "t": true}}`))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"/a/b": "1", "/c/d/e": "2", "/c/n": "1.50", "/c/t": "true"}, kv)
	for text, want := range map[string]string{
		`[]`: "one JSON object", `{"a": 1} x`: "more follows", `{"/l": [1], "n": {"m": null}}`: "/l is a list, not text; /n/m is null, not text", ``: "one JSON object",
	} {
		_, err := ReadKeys(strings.NewReader(text))
		require.ErrorContains(t, err, want)
	}
}
