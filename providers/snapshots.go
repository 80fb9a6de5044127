package providers

import (
	"context"
	"io"

	"drover/fault"
)

// Snapshots is implemented by providers that copy volumes. The rules of Provider hold for it too.
type Snapshots interface {
	// CreateSnapshot makes a copy of a volume as it is now, also while an instance uses it. It shares the blocks of the
	// volume where the storage can. What a volume's processes write meanwhile may or may not be in it: the caller has
	// brought them to rest.
	CreateSnapshot(ctx context.Context, s Snapshot) error
	DeleteSnapshot(ctx context.Context, id string) error
	// ReadSnapshot writes the files of a snapshot as a tar stream. The same snapshot gives the same stream.
	ReadSnapshot(ctx context.Context, id string, w io.Writer) error
	// FillVolume makes the content of a volume what a tar stream says. An instance may have the volume, while nothing on it
	// uses it. After an error the content is undefined, and the call can be repeated.
	FillVolume(ctx context.Context, id string, r io.Reader) error
}

// Snapshot is a copy of a volume.
type Snapshot struct {
	ID       string `json:"id"` // chosen by the caller
	Tags     Tags   `json:"tags"`
	VolumeID string `json:"volume_id"`
}

// SnapshotsOf gives what takes snapshots at a provider; a NotAllowed fault with the reason where nothing does.
func SnapshotsOf(p Provider) (Snapshots, error) {
	s, ok := p.(Snapshots)
	if why := NoSnapshots(p); why != "" || !ok {
		return nil, fault.New(fault.NotAllowed, "provider %s takes no snapshots: %s", p.Name(), why)
	}
	return s, nil
}

// NoSnapshots is why a provider takes no snapshots; empty: it does.
func NoSnapshots(p Provider) string {
	if _, ok := p.(Snapshots); !ok && p.Capabilities().NoSnapshots == "" {
		return "it does not know how"
	}
	return p.Capabilities().NoSnapshots
}
