// Package cert checks certificates that are given to Consul.
package cert

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
)

// ParseCertsPEM returns the certificates in PEM blocks, at least one.
func ParseCertsPEM(blocks []byte) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for block, rest := pem.Decode(blocks); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificates, err := x509.ParseCertificates(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, certificates...)
	}
	if len(found) == 0 {
		return nil, errors.New("no certificate found")
	}
	return found, nil
}
