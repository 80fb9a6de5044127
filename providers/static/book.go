package static

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"

	"drover/fault"
	"drover/providers"
	"drover/remote/target"
)

// Book is a small document that several workers change in turn. Put is a Conflict fault when the document is not the
// one that was read with index any more; index 0 is a document that does not exist.
type Book interface {
	Get(ctx context.Context) (text []byte, index uint64, err error)
	Put(ctx context.Context, text []byte, index uint64) error
}

// pages is what the book says.
type pages struct {
	Instances map[string]*allocation          `json:"instances"`
	Volumes   map[string]providers.VolumeSpec `json:"volumes"`
	Networks  []providers.Network             `json:"networks,omitempty"`
}

// allocation is a host that an instance has. How it is reached is copied, so that a host can be given back after it
// left the inventory.
type allocation struct {
	Spec   providers.InstanceSpec `json:"spec"`
	Host   string                 `json:"host"`
	IP     string                 `json:"ip"`
	Zone   string                 `json:"zone,omitempty"`
	Access target.Target          `json:"access"`
	State  string                 `json:"state"`
	// Was is the id the host had before it got this one.
	Was string `json:"was,omitempty"`
	// Wipe says that data at mount points goes when the instance does.
	Wipe bool `json:"wipe,omitempty"`
}

const (
	preparing = "preparing"
	running   = "running"
	off       = "off"
	releasing = "releasing"
)

func (p *Provider) read(ctx context.Context) (*pages, uint64, error) {
	text, index, err := p.Book.Get(ctx)
	if err != nil {
		return nil, 0, err
	}
	b := &pages{}
	if len(text) > 0 {
		if text, err = unpacked(text); err == nil {
			err = json.Unmarshal(text, b)
		}
		if err != nil {
			return nil, 0, fault.Wrap(err, fault.Internal, "the record of who has which host")
		}
	}
	if b.Instances == nil {
		b.Instances = map[string]*allocation{}
	}
	if b.Volumes == nil {
		b.Volumes = map[string]providers.VolumeSpec{}
	}
	return b, index, nil
}

// maxRaces is how often a change is tried while other workers change the book.
const maxRaces = 200

// update changes the book; change may run several times.
func (p *Provider) update(ctx context.Context, change func(*pages) error) error {
	for range maxRaces {
		b, index, err := p.read(ctx)
		if err != nil {
			return err
		}
		if err := change(b); err != nil {
			return err
		}
		text, err := json.Marshal(b)
		if err != nil {
			return fault.Wrap(err, fault.Internal, "the record of who has which host")
		}
		if err := p.Book.Put(ctx, packed(text), index); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fault.New(fault.Unreachable, "the record of who has which host kept changing while it was written")
}

// packFrom is the size from which the record is compressed: a Book may keep half a megabyte, which is a few hundred hosts
// as plain text and thousands compressed. A small one stays readable.
const packFrom = 64 << 10

func packed(text []byte) []byte {
	if len(text) < packFrom {
		return text
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

func unpacked(text []byte) ([]byte, error) {
	if text[0] == '{' {
		return text, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// userOf is the instance that has the volume.
func (b *pages) userOf(volume string) string {
	for id, a := range b.Instances {
		for _, m := range a.Spec.Mounts {
			if m.VolumeID == volume {
				return id
			}
		}
	}
	return ""
}
