package codec

import (
	"crypto/rand"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	"drover/fault"
)

// What an encrypted payload says about itself, in the words other Temporal codecs use.
const (
	encoding       = "binary/encrypted"
	metadataCipher = "encryption-cipher"
	metadataKeyID  = "encryption-key-id"
	cipherName     = "AES-256-GCM"
)

// payloads is a converter.PayloadCodec.
type payloads struct {
	keys Keys
	// unreadable decides what becomes of a payload that no key opens.
	unreadable func(error) error
}

// New gives a codec that encrypts everything (when there are keys) and decrypts what its keys open. What is not encrypted
// passes: operations that began before the key was introduced continue.
func New(keys Keys) converter.PayloadCodec {
	return payloads{keys: keys, unreadable: func(err error) error { return err }}
}

// Apply makes a client use keys.
func Apply(options *client.Options, keys Keys) { apply(options, New(keys)) }

// ApplyToWorker makes the client of a worker use keys. There, a payload that no key opens stops the workflow task, so that
// the server offers it again until a worker with the right key comes. An error would reach the workflow as the failure of
// a step, and undo an operation for want of a key.
func ApplyToWorker(options *client.Options, keys Keys) {
	apply(options, payloads{keys: keys, unreadable: func(err error) error { panic(err) }})
}

func apply(options *client.Options, codec converter.PayloadCodec) {
	options.DataConverter = converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec)
	options.FailureConverter = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter:          options.DataConverter,
		EncodeCommonAttributes: codec.(payloads).keys.Active() != "",
	})
}

func (p payloads) Encode(clear []*common.Payload) ([]*common.Payload, error) {
	if p.keys.Active() == "" {
		return clear, nil
	}
	out := make([]*common.Payload, len(clear))
	for i, one := range clear {
		sealed, err := p.seal(one)
		if err != nil {
			return nil, err
		}
		out[i] = sealed
	}
	return out, nil
}

func (p payloads) Decode(sealed []*common.Payload) ([]*common.Payload, error) {
	out := make([]*common.Payload, len(sealed))
	for i, one := range sealed {
		clear, err := p.open(one)
		if err != nil {
			return nil, p.unreadable(err)
		}
		out[i] = clear
	}
	return out, nil
}

// seal encrypts a whole payload, metadata included. Nonces are random: one key is good for 2^32 payloads.
func (p payloads) seal(clear *common.Payload) (*common.Payload, error) {
	text, err := proto.Marshal(clear)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "cannot encrypt the payload")
	}
	active := p.keys.list[0]
	nonce := make([]byte, active.aead.NonceSize(), active.aead.NonceSize()+len(text)+active.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	return &common.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding: []byte(encoding),
			metadataCipher:             []byte(cipherName),
			metadataKeyID:              []byte(active.id),
		},
		Data: active.aead.Seal(nonce, nonce, text, []byte(active.id)),
	}, nil
}

func (p payloads) open(sealed *common.Payload) (*common.Payload, error) {
	if string(sealed.GetMetadata()[converter.MetadataEncoding]) != encoding {
		return sealed, nil
	}
	id := string(sealed.GetMetadata()[metadataKeyID])
	aead := p.keys.find(id)
	if aead == nil {
		return nil, p.noKey(id)
	}
	data := sealed.GetData()
	if len(data) < aead.NonceSize() {
		return nil, fault.New(fault.Internal, "the encrypted payload is truncated")
	}
	text, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], []byte(id))
	if err != nil {
		return nil, fault.New(fault.Unauthorized, "the payload was not encrypted with its key %s, or was modified", id)
	}
	clear := &common.Payload{}
	if err := proto.Unmarshal(text, clear); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "cannot decode the decrypted payload")
	}
	return clear, nil
}

func (p payloads) noKey(id string) error {
	if len(p.keys.list) == 0 {
		return fault.New(fault.Unauthorized, "the payload is encrypted with payload key %q, but no key is configured", id).
			WithHint("set the key file with --payload-key or DROVER_PAYLOAD_KEY")
	}
	return fault.New(fault.Unauthorized, "the payload is encrypted with payload key %q; the configured keys are %v", id, p.keys.IDs()).
		WithHint("add the key to the file of --payload-key or DROVER_PAYLOAD_KEY")
}
