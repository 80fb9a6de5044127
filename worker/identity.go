package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"drover/durable"
)

// identity reads the key for logins to nodes, or creates it. The file must be readable by its owner only.
func identity(path string) (ssh.Signer, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeIdentity(path)
	}
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: mode %04o lets other users read the key; correct it with: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("%s: not an SSH private key without passphrase: %w", path, err)
	}
	return signer, nil
}

func makeIdentity(path string) (ssh.Signer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "drover")
	if err != nil {
		return nil, err
	}
	// The key file appears complete, or not at all, and only once: of workers that start together, one creates it and the
	// others read it; a worker that dies here does not leave an empty key.
	f, err := os.CreateTemp(filepath.Dir(path), ".drover-key-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(pem.Encode(f, block), f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return identity(path)
	} else if err != nil {
		return nil, err
	}
	if err := durable.Dir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(key)
}

// authorizedKey returns the public key as one authorized_keys line.
func authorizedKey(s ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(s.PublicKey())) }
