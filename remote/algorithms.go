package remote

import (
	"slices"

	"golang.org/x/crypto/ssh"
)

// The algorithms offered to nodes, best first: AEAD ciphers (no separate MAC) and elliptic curves only. RSA host keys,
// with SHA-2 signatures, are for nodes without another one. The order is measured, see bench_test.go.
var (
	keyExchanges = []string{ssh.KeyExchangeCurve25519, ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeECDHP256}
	ciphers      = []string{ssh.CipherAES128GCM, ssh.CipherChaCha20Poly1305, ssh.CipherAES256GCM}
	macs         = []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM}
	hostKeys     = []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512,
	}
)

// hostKeyAlgorithms puts the type of the pinned key first, so that a node with several host keys presents that one. The
// others are offered too: a node with a key of a new type then presents it, and the fault can name it.
func hostKeyAlgorithms(pinned ssh.PublicKey) []string {
	first := []string{pinned.Type()}
	if pinned.Type() == ssh.KeyAlgoRSA {
		first = []string{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512}
	}
	rest := slices.DeleteFunc(slices.Clone(hostKeys), func(a string) bool { return slices.Contains(first, a) })
	return append(first, rest...)
}
