package local

import (
	"context"
	"os"
	"slices"
	"strings"

	"drover/durable"
	"drover/fault"
	"drover/providers"
	"drover/providers/local/internal/sandbox"
)

// volume is meta.json of a volume; its data lies in data/ beside it.
type volume struct {
	Spec    providers.VolumeSpec `json:"spec"`
	InUseBy string               `json:"in_use_by,omitempty"`
}

func (p *Provider) volumeDir(id string, parts ...string) string {
	return p.path(append([]string{"volumes", id}, parts...)...)
}

func (p *Provider) readVolume(id string) (*volume, error) {
	var v volume
	ok, err := readJSON(p.volumeDir(id, "meta.json"), &v)
	if err != nil || !ok {
		return nil, err
	}
	return &v, nil
}

func (p *Provider) existingVolume(id string) (*volume, error) {
	v, err := p.readVolume(id)
	if err == nil && v == nil {
		err = fault.New(fault.NotFound, "provider local: there is no volume %s", id)
	}
	return v, err
}

func (p *Provider) writeVolume(v *volume) error {
	return writeJSON(p.volumeDir(v.Spec.ID, "meta.json"), v)
}

func (p *Provider) volume(v *volume) providers.Volume {
	return providers.Volume{ID: v.Spec.ID, Tags: v.Spec.Tags, SizeGiB: v.Spec.SizeGiB, InUseBy: p.userOf(v)}
}

// userOf is the instance a volume is attached to. A claim counts as long as there is an instance that mounts the
// volume: claims end with their instance and need no clearing.
func (p *Provider) userOf(v *volume) string {
	if v.InUseBy == "" {
		return ""
	}
	n, err := p.readNode(v.InUseBy)
	if err != nil {
		return v.InUseBy // when in doubt, in use
	}
	mounts := func(m providers.Mount) bool { return m.VolumeID == v.Spec.ID }
	if n == nil || !slices.ContainsFunc(n.Spec.Mounts, mounts) {
		return ""
	}
	return v.InUseBy
}

// CreateVolume implements providers.Provider.
func (p *Provider) CreateVolume(ctx context.Context, s providers.VolumeSpec) (providers.Volume, error) {
	var none providers.Volume
	if err := validID("a volume", s.ID); err != nil {
		return none, err
	}
	held, err := p.lock(ctx, s.ID)
	if err != nil {
		return none, err
	}
	defer held.release()
	v, err := p.readVolume(s.ID)
	if err != nil {
		return none, err
	}
	if v != nil {
		return p.volume(v), sameCluster("volume", s.ID, v.Spec.Tags, s.Tags)
	}
	if s.SizeGiB <= 0 || s.Tags.ClusterID == "" {
		return none, fault.New(fault.Invalid, "provider local: volume %s needs a size above 0 and the tag of a cluster", s.ID)
	}
	// The record comes last: it makes the volume exist.
	if err := os.MkdirAll(p.volumeDir(s.ID, "data"), 0o700); err != nil {
		return none, ioFault(err, "make volume")
	}
	if err := os.Chmod(p.volumeDir(s.ID, "data"), 0o755); err != nil {
		return none, ioFault(err, "make volume")
	}
	if err := durable.Dir(p.path("volumes")); err != nil {
		return none, ioFault(err, "make volume")
	}
	if err := p.step("volume folder"); err != nil {
		return none, err
	}
	v = &volume{Spec: s}
	return p.volume(v), p.writeVolume(v)
}

// GrowVolume implements providers.Provider. Sizes are records here.
func (p *Provider) GrowVolume(ctx context.Context, id string, sizeGiB int) error {
	if err := validID("a volume", id); err != nil {
		return err
	}
	held, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	v, err := p.existingVolume(id)
	if err != nil {
		return err
	}
	if sizeGiB < v.Spec.SizeGiB {
		return fault.New(fault.Invalid, "provider local: volume %s has %d GiB and cannot shrink to %d", id, v.Spec.SizeGiB, sizeGiB)
	}
	v.Spec.SizeGiB = sizeGiB
	return p.writeVolume(v)
}

// DeleteVolume implements providers.Provider.
func (p *Provider) DeleteVolume(ctx context.Context, id string) error {
	if err := validID("a volume", id); err != nil {
		return err
	}
	held, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	v, err := p.readVolume(id)
	if err != nil {
		if fault.As(err).Retryable {
			return err
		}
		// What it says cannot be read: the process that mounts it has it.
		if v, err = p.mounted(id); err != nil {
			return err
		}
	}
	if v != nil {
		if user := p.userOf(v); user != "" {
			return fault.New(fault.Conflict, "provider local: volume %s is in use by instance %s", id, user).
				WithHint("delete the instance first")
		}
	}
	// Data first: as long as there is a record, the volume is listed and can be deleted again.
	if err := removeTree(p.volumeDir(id, "data")); err != nil {
		return err
	}
	if err := p.step("volume emptied"); err != nil {
		return err
	}
	return removeTree(p.volumeDir(id))
}

// mounted is a volume as the instances know it that mount it.
func (p *Provider) mounted(id string) (*volume, error) {
	nodes, _, err := p.nodes()
	v := &volume{Spec: providers.VolumeSpec{ID: id}}
	for _, n := range nodes {
		if slices.ContainsFunc(n.Spec.Mounts, func(m providers.Mount) bool { return m.VolumeID == id }) {
			v.InUseBy = n.Spec.ID
		}
	}
	return v, err
}

// attachVolume claims a volume for an instance, over the claim of the one it replaces. The caller holds its lock.
func (p *Provider) attachVolume(id, instance, replaces string) error {
	v, err := p.existingVolume(id)
	if err != nil {
		return err
	}
	switch user := p.userOf(v); user {
	case instance:
		return nil
	case "", replaces:
		v.InUseBy = instance
		return p.writeVolume(v)
	default:
		return fault.New(fault.Conflict, "provider local: volume %s is in use by instance %s", id, user)
	}
}

// volumeBind mounts a volume's data; of mount options those that make sense for a folder count.
func (p *Provider) volumeBind(m providers.Mount) sandbox.Bind {
	b := sandbox.Bind{Source: p.volumeDir(m.VolumeID, "data"), Target: m.Path}
	for o := range strings.SplitSeq(m.Options, ",") {
		switch strings.TrimSpace(o) {
		case "ro":
			b.ReadOnly = true
		case "noexec":
			b.NoExec = true
		case "nosuid":
			b.NoSuid = true
		}
	}
	return b
}
