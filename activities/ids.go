package activities

import (
	"crypto/rand"
	"math/big"
)

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// RandomIDs are identifiers from the system's random source. Used avoids gsids other clusters have.
type RandomIDs struct {
	Used map[int]bool
}

func (RandomIDs) Node() string     { return "cln-" + RandomID() }
func (RandomIDs) Instance() string { return "i-" + RandomID() }
func (RandomIDs) Volume() string   { return "vol-" + RandomID() }

// GSID is a 9-digit number nobody else has.
func (r RandomIDs) GSID() int {
	for {
		id := 100_000_000 + randomBelow(900_000_000)
		if !r.Used[id] {
			r.Used[id] = true
			return id
		}
	}
}

// RandomID is 8 characters of a-z and 0-9, the part behind the dash of every id.
func RandomID() string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = idAlphabet[randomBelow(int64(len(idAlphabet)))]
	}
	return string(b)
}

func randomBelow(n int64) int {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil { // the system's random source never fails on supported systems
		panic(err)
	}
	return int(v.Int64())
}
