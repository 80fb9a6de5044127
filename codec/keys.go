package codec

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"drover/durable"
	"drover/fault"
)

const keySize = 32 // AES-256

// Keys are the keys of one installation; the first one encrypts, all of them decrypt. No keys: the zero value.
type Keys struct {
	list []key
}

type key struct {
	id   string
	aead cipher.AEAD
}

// Active is the id of the key that encrypts; "" without keys.
func (k Keys) Active() string {
	if len(k.list) == 0 {
		return ""
	}
	return k.list[0].id
}

// IDs names all keys, the active one first. An id reveals nothing about its key.
func (k Keys) IDs() []string {
	ids := make([]string, 0, len(k.list))
	for _, one := range k.list {
		ids = append(ids, one.id)
	}
	return ids
}

func (k Keys) find(id string) cipher.AEAD {
	for _, one := range k.list {
		if one.id == id {
			return one.aead
		}
	}
	return nil
}

// ReadKeys reads a key file: one key a line, 32 bytes in base64, the first one encrypts; empty lines and lines that
// start with # say nothing. A file that others may read is refused. No path: no keys.
func ReadKeys(path string) (Keys, error) {
	if path == "" {
		return Keys{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return Keys{}, fault.Wrap(err, fault.Invalid, "cannot read the payload key").
			WithHint("create one with: drover keygen %s", path)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Keys{}, fault.Wrap(err, fault.Invalid, "cannot read the payload key")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return Keys{}, fault.New(fault.Invalid, "the payload key %s is readable by other users (mode %04o)", path, mode).
			WithHint("run chmod 600 %s; if other users may have read it, rotate it with: drover keygen --rotate %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return Keys{}, fault.Wrap(err, fault.Invalid, "cannot read the payload key")
	}
	return parse(path, text)
}

func parse(path string, text []byte) (Keys, error) {
	var keys Keys
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil || len(raw) != keySize {
			return Keys{}, fault.New(fault.Invalid, "%s, line %d: not a key of %d bytes in base64", path, n, keySize).
				WithHint("create a key file with: drover keygen")
		}
		one, err := newKey(raw)
		if err != nil {
			return Keys{}, fault.Wrap(err, fault.Invalid, "%s, line %d", path, n)
		}
		keys.list = append(keys.list, one)
	}
	if len(keys.list) == 0 {
		return Keys{}, fault.New(fault.Invalid, "key file %s is empty", path).WithHint("add a key with: drover keygen --rotate %s", path)
	}
	return keys, nil
}

func newKey(raw []byte) (key, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return key{}, err
	}
	sum := sha256.Sum256(append([]byte("drover payload key "), raw...))
	return key{id: hex.EncodeToString(sum[:4]), aead: aead}, nil
}

// Generate makes a key file with one new key, mode 0600. With rotate the file must be there: the new key goes to its top
// and encrypts from now on, the old ones still decrypt. It returns the id of the new key.
func Generate(path string, rotate bool) (string, error) {
	var old []byte
	switch _, err := os.Lstat(path); {
	case rotate:
		if _, err := ReadKeys(path); err != nil {
			return "", err
		}
		if old, err = os.ReadFile(path); err != nil {
			return "", fault.Wrap(err, fault.Invalid, "cannot read the payload key")
		}
	case err == nil:
		return "", fault.New(fault.Conflict, "%s already exists", path).
			WithHint("add a new key with --rotate; a key file is never overwritten, because a lost key cannot be recovered")
	case !errors.Is(err, fs.ErrNotExist):
		return "", fault.Wrap(err, fault.Invalid, "cannot write the payload key")
	}
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	made, err := newKey(raw)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "cannot generate the payload key")
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# Drover payload key %s\n%s\n", made.id, base64.StdEncoding.EncodeToString(raw))
	text.Write(old)
	if err := durable.Replace(path, []byte(text.String()), 0o600); err != nil {
		return "", fault.Wrap(err, fault.Invalid, "cannot write the payload key")
	}
	return made.id, nil
}
