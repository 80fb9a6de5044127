package target

import (
	"context"
	"errors"

	"drover/backup/key"
	"drover/fault"
)

// Sealed encrypts objects on their way to a target and decrypts them on the way back. Without a key (nil) objects are
// stored as they are. Objects that were stored without a key stay readable with one.
func Sealed(t Target, with *key.Key) Target { return sealed{t, with} }

type sealed struct {
	Target
	with *key.Key
}

func (s sealed) Put(ctx context.Context, name string, data []byte) error {
	if s.with == nil {
		return s.Target.Put(ctx, name, data)
	}
	secret, err := s.with.Encrypt(data)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "encrypt %s of a backup", name)
	}
	return s.Target.Put(ctx, name, secret)
}

func (s sealed) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := s.Target.Get(ctx, name)
	if err != nil || !key.Is(data) {
		return data, err
	}
	if s.with == nil {
		return nil, fault.New(fault.NotAllowed, "%s of a backup is encrypted, and the worker has no key of backups", name).
			WithHint("set backups.key in the worker's configuration file")
	}
	plain, err := s.with.Decrypt(data)
	if errors.Is(err, key.ErrOther) {
		return nil, fault.New(fault.NotAllowed, "%s of a backup is encrypted with another key than the worker's", name).
			WithHint("append the key that encrypted it to the worker's key file")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s of a backup is damaged: it cannot be decrypted", name)
	}
	return plain, nil
}
