package remote

import (
	"slices"

	"golang.org/x/crypto/ssh"
)

// The algorithms offered to nodes, best first: AEAD ciphers (no separate MAC) and elliptic curves only, except that a
// node may own nothing but an RSA host key, then with SHA-2 signatures. Order by measurement, see bench_test.go.
var (
	keyExchanges = []string{ssh.KeyExchangeCurve25519, ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeECDHP256}
	ciphers      = []string{ssh.CipherAES128GCM, ssh.CipherChaCha20Poly1305, ssh.CipherAES256GCM}
	macs         = []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM}
	hostKeys     = []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512,
	}
)

// hostKeyAlgorithms puts the pinned key's own kind first, so that a node with several host keys shows that one. The
// others stay offered: a node whose key changed kind then shows its new key and the fault can name it.
func hostKeyAlgorithms(pinned ssh.PublicKey) []string {
	first := []string{pinned.Type()}
	if pinned.Type() == ssh.KeyAlgoRSA {
		first = []string{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512}
	}
	rest := slices.DeleteFunc(slices.Clone(hostKeys), func(a string) bool { return slices.Contains(first, a) })
	return append(first, rest...)
}
