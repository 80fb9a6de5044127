// Package key encrypts and decrypts the objects of backups with age, and reads and makes key files. It knows nothing of
// where objects are kept. Callers: backup/target, starter (drover backup keygen).
package key

import (
	"bytes"
	"errors"
	"io"
	"os"

	"filippo.io/age"

	"drover/fault"
)

// head begins everything that is encrypted.
const head = "age-encryption.org/"

// Key encrypts objects: the identities of an age key file. The first one encrypts, all of them decrypt, so that a new key
// can be put in front of older ones.
type Key struct {
	recipient  age.Recipient
	identities []age.Identity
}

// Read reads a key file as age-keygen and drover backup keygen write it. Only its owner may read the file.
func Read(path string) (*Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "key of backups")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "key of backups")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Invalid, "the key of backups %s can be read by others (mode %04o)", path, info.Mode().Perm()).
			WithHint("chmod 600 %s", path)
	}
	identities, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the key of backups %s is not a file of age identities", path). // the cause may quote the key
															WithHint("make a key with: drover backup keygen")
	}
	for _, id := range identities {
		switch id := id.(type) {
		case *age.X25519Identity:
			return &Key{id.Recipient(), identities}, nil
		case *age.HybridIdentity:
			return &Key{id.Recipient(), identities}, nil
		}
	}
	return nil, fault.New(fault.Invalid, "the key of backups %s has no identity that can encrypt", path).WithHint("make a key with: drover backup keygen")
}

// New is the text of a new key file.
func New() (string, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", err
	}
	return "# public key: " + id.Recipient().String() + "\n" + id.String() + "\n", nil
}

// Is reports whether data is encrypted.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(head)) }

// ErrOther means that the key is not the one that encrypted the data.
var ErrOther = errors.New("encrypted with another key")

// Encrypt encrypts with the first identity of the file.
func (k *Key) Encrypt(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, k.recipient)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(data)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

// Decrypt gives back what one of the identities of the file can decrypt; any changed byte is an error.
func (k *Key) Decrypt(data []byte) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(data), k.identities...)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return nil, ErrOther
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
