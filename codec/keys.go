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
	"path/filepath"
	"strings"

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

// IDs names all keys, the active one first. An id tells nothing of its key.
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
		return Keys{}, fault.Wrap(err, fault.Invalid, "the payload key cannot be read").
			WithHint("drover keygen %s makes one", path)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Keys{}, fault.Wrap(err, fault.Invalid, "the payload key cannot be read")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return Keys{}, fault.New(fault.Invalid, "the payload key %s may be read by others (mode %04o)", path, mode).
			WithHint("chmod 600 %s; if others may have read it, drover keygen --rotate %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return Keys{}, fault.Wrap(err, fault.Invalid, "the payload key cannot be read")
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
			return Keys{}, fault.New(fault.Invalid, "%s, line %d: a key is %d bytes in base64", path, n, keySize).
				WithHint("drover keygen makes such a file")
		}
		one, err := newKey(raw)
		if err != nil {
			return Keys{}, fault.Wrap(err, fault.Invalid, "%s, line %d", path, n)
		}
		keys.list = append(keys.list, one)
	}
	if len(keys.list) == 0 {
		return Keys{}, fault.New(fault.Invalid, "%s has no key in it", path).WithHint("drover keygen --rotate %s adds one", path)
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
			return "", fault.Wrap(err, fault.Invalid, "the payload key cannot be read")
		}
	case err == nil:
		return "", fault.New(fault.Conflict, "%s is there already", path).
			WithHint("a lost key cannot be had back, so it is not written over; --rotate puts a new key in front of the old ones")
	case !errors.Is(err, fs.ErrNotExist):
		return "", fault.Wrap(err, fault.Invalid, "the payload key cannot be written")
	}
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	made, err := newKey(raw)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "the payload key cannot be made")
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# Drover payload key %s\n%s\n", made.id, base64.StdEncoding.EncodeToString(raw))
	text.Write(old)
	if err := replace(path, text.String()); err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the payload key cannot be written")
	}
	return made.id, nil
}

// replace writes the whole file or nothing; only its owner may read it, at any moment.
func replace(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".drover-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
