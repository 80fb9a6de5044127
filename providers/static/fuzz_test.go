package static

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// An inventory is refused as invalid, or every host of it can be dialled.
func FuzzInventory(f *testing.F) {
	f.Add([]byte("hosts:\n  - name: a\n    host: 10.0.0.1\n    user: root\n    key_file: /k\n    host_key: ssh-ed25519 AAAA\n"))
	f.Add([]byte("hosts: {}\n"))
	f.Add([]byte("hosts: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		inv, err := ReadInventory("hosts.yaml", text)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			return
		}
		for _, h := range inv.Hosts {
			require.NotEmpty(t, h.Host)
			require.Positive(t, h.Port)
		}
	})
}
