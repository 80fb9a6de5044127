package engine

import (
	"crypto/rand"
	"net"
	"net/netip"
)

// FreeRange is a range of private addresses, a /20, that no interface of this machine is in: engines share the
// machine's network, and tests run at the same time.
func FreeRange() string {
	for {
		var b [2]byte
		_, _ = rand.Read(b[:])
		// The upper half of 10.0.0.0/8, without the part that provider docker takes by default.
		a := netip.AddrFrom4([4]byte{10, 128 + b[0]%84, b[1] & 0xf0, 0})
		if r := netip.PrefixFrom(a, 20); !inUse(r) {
			return r.String()
		}
	}
}

func inUse(r netip.Prefix) bool {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range all {
		if has, err := netip.ParsePrefix(a.String()); err == nil && has.Overlaps(r) {
			return true
		}
	}
	return false
}
