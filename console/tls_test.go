package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certify writes a certificate for 127.0.0.1, with its own authority.
func certify(t *testing.T, cert, key, name string, at time.Time) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(at.UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	for _, file := range []string{cert, key} {
		require.NoError(t, os.Chtimes(file, at, at))
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool
}

// A renewed certificate is used without a restart; half of a renewal changes nothing.
func TestCertificatesAreRenewed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	_, err := serverTLS(cert, key)
	require.ErrorContains(t, err, cert)
	before := certify(t, cert, key, "first", time.Now().Add(-time.Hour))
	config, err := serverTLS(cert, key)
	require.NoError(t, err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() { _ = http.Serve(listener, http.NotFoundHandler()) }() // until the listener is closed
	name := func(pool *x509.CertPool) string {
		conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{RootCAs: pool})
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	require.Equal(t, "first", name(before))
	require.NoError(t, os.WriteFile(cert, []byte("half"), 0o600))
	require.Equal(t, "first", name(before))
	require.Equal(t, "second", name(certify(t, cert, key, "second", time.Now())))
	_, err = tls.Dial("tcp", listener.Addr().String(), &tls.Config{MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true})
	require.Error(t, err)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for text, args := range map[string][]string{
		"not a loopback address":            {"--listen", "0.0.0.0:7680"},
		"is not https, and not on loopback": {"--url", "http://drover.example.org"},
		"belong together":                   {"--tls-cert", "x"},
		"is not host:port":                  {"--listen", "7680"},
		`unknown argument "x"`:              {"x"},
	} {
		_, err := parse(args, func(string) (string, bool) { return "", false })
		require.ErrorContains(t, err, text)
	}
	for _, args := range [][]string{
		{}, {"--listen", "[::1]:0"}, {"--listen", "0.0.0.0:443", "--tls-cert", "c", "--tls-key", "k"}, {"--listen", "10.0.0.1:80", "--behind-proxy"},
		{"--listen", "0.0.0.0:7680", "--url", "http://127.0.0.1:7680"},
	} {
		_, err := parse(args, func(string) (string, bool) { return "", false })
		require.NoError(t, err)
	}
	c, err := parse(nil, func(name string) (string, bool) { return "oidc.yaml", name == "DROVER_CONSOLE_OIDC" })
	require.NoError(t, err)
	require.Equal(t, "oidc.yaml", c.oidc)
}
