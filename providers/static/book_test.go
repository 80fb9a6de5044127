package static

import (
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/remote/target"
)

// unique is as long as a host key, and as hard to compress.
func unique(i int) string {
	sum := sha512.Sum512([]byte(strconv.Itoa(i)))
	return "ssh-ed25519 AAAA" + base64.StdEncoding.EncodeToString(sum[:48])
}

// TestManyHosts: the record of a thousand hosts fits into one value of Consul, and that of a few can be read by people.
func TestManyHosts(t *testing.T) {
	t.Parallel()
	const hosts, mostOfConsul = 1000, 512 << 10
	book := &memory{}
	p := over(t, hostsFile(t, 1), book, answers{})
	require.NoError(t, p.update(t.Context(), func(b *pages) error {
		for i := range hosts {
			spec := specOf(t, fmt.Sprintf("i-%08x", i*7919), fmt.Sprintf("cl-%08x", i*104729))
			at := target.Target{Addr: fmt.Sprintf("10.1.%d.%d:22", i/250, i%250), User: "admin", HostKey: unique(i)}
			b.Instances[spec.ID] = &allocation{Spec: spec, Host: fmt.Sprintf("host-%d", i), Access: at, State: running}
		}
		return nil
	}))
	require.Less(t, len(book.text), mostOfConsul)
	b, _, err := p.read(t.Context())
	require.NoError(t, err)
	require.Len(t, b.Instances, hosts)
	require.NoError(t, p.update(t.Context(), func(b *pages) error { clear(b.Instances); return nil }))
	require.JSONEq(t, `{"instances":{},"volumes":{}}`, string(book.text))

	for _, damaged := range []string{"x", "{", "\x1f\x8b"} {
		book.text = []byte(damaged)
		_, err := p.Hosts(t.Context())
		require.Truef(t, fault.Is(err, fault.Internal), "%v", err)
		require.ErrorContains(t, err, "the record of who has which host")
	}
}
