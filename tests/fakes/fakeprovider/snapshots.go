package fakeprovider

import (
	"bytes"
	"context"
	"io"

	"drover/fault"
	"drover/providers"
)

// SetContent makes the files of a volume, as a tar stream; Content reads them.
func (p *Provider) SetContent(volumeID string, stream []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.contents[volumeID] = bytes.Clone(stream)
}

// Content is the tar stream of a volume or a snapshot.
func (p *Provider) Content(id string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.contents[id])
}

// CreateSnapshot implements providers.Snapshots.
func (p *Provider) CreateSnapshot(ctx context.Context, s providers.Snapshot) error {
	return p.call(ctx, "CreateSnapshot", s.ID, s.Tags.ClusterID, func(func() error) error {
		if p.volumes[s.VolumeID] == nil {
			return fault.New(fault.NotFound, "there is no volume %s", s.VolumeID)
		}
		if _, exists := p.snapshots[s.ID]; !exists {
			p.snapshots[s.ID] = s
			p.contents[s.ID] = bytes.Clone(p.contents[s.VolumeID])
			p.remember(s.ID)
		}
		return nil
	})
}

// DeleteSnapshot implements providers.Snapshots.
func (p *Provider) DeleteSnapshot(ctx context.Context, id string) error {
	return p.call(ctx, "DeleteSnapshot", id, "", func(func() error) error {
		delete(p.snapshots, id)
		delete(p.contents, id)
		p.forget(id)
		return nil
	})
}

// ReadSnapshot implements providers.Snapshots.
func (p *Provider) ReadSnapshot(ctx context.Context, id string, w io.Writer) error {
	var stream []byte
	err := p.call(ctx, "ReadSnapshot", id, "", func(func() error) error {
		if _, exists := p.snapshots[id]; !exists {
			return fault.New(fault.NotFound, "there is no snapshot %s", id)
		}
		stream = bytes.Clone(p.contents[id])
		return nil
	})
	if err != nil {
		return err
	}
	if stream == nil {
		stream = make([]byte, 1024) // the end of an empty tar stream
	}
	_, err = w.Write(stream)
	return err
}

// FillVolume implements providers.Snapshots.
func (p *Provider) FillVolume(ctx context.Context, id string, r io.Reader) error {
	stream, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return p.call(ctx, "FillVolume", id, p.clusterOf(id), func(func() error) error {
		if p.volumes[id] == nil {
			return fault.New(fault.NotFound, "there is no volume %s", id)
		}
		p.contents[id] = stream
		return nil
	})
}
