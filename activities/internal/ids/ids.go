// Package ids makes identifiers from the system's random source. Activities choose ids before anything is made under
// them; workflows and lifecycle have no source of randomness.
package ids

import (
	"crypto/rand"
	"math/big"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// Random makes the ids of nodes and their resources. Used holds the gsids that are not chosen; GSID adds to it.
type Random struct {
	Used map[int]bool
}

func (Random) Node() string     { return "cln-" + New() }
func (Random) Instance() string { return "i-" + New() }
func (Random) Volume() string   { return "vol-" + New() }

// GSID is a 9-digit number. The store refuses one that a node of another cluster has.
func (r Random) GSID() int {
	for {
		id := 100_000_000 + below(900_000_000)
		if !r.Used[id] {
			r.Used[id] = true
			return id
		}
	}
}

// New is 8 characters of a-z and 0-9, the part behind the dash of every id.
func New() string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = alphabet[below(int64(len(alphabet)))]
	}
	return string(b)
}

func below(n int64) int {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil { // the system's random source never fails on supported systems
		panic(err)
	}
	return int(v.Int64())
}
