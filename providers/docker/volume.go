package docker

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/volume"
	"github.com/moby/moby/client"

	"drover/fault"
	"drover/providers"
)

// CreateVolume implements providers.Provider.
func (p *Provider) CreateVolume(ctx context.Context, s providers.VolumeSpec) (providers.Volume, error) {
	var none providers.Volume
	if err := validID("a volume", s.ID); err != nil {
		return none, err
	}
	release, err := p.lock(ctx, s.ID)
	if err != nil {
		return none, err
	}
	defer release()
	have, err := p.engine.VolumeInspect(ctx, p.name(s.ID), client.VolumeInspectOptions{})
	if err == nil {
		return p.existingVolume(ctx, s, have.Volume)
	}
	if !errdefs.IsNotFound(err) {
		return none, engineFault(err, "inspect volume %s", s.ID)
	}
	if s.SizeGiB <= 0 || s.Tags.ClusterID == "" {
		return none, fault.New(fault.Invalid, "provider docker: volume %s needs a size above 0 and the tag of a cluster", s.ID)
	}
	spec, err := json.Marshal(s)
	if err != nil {
		return none, fault.Wrap(err, fault.Internal, "provider docker: volume %s", s.ID)
	}
	// Creating a volume that another worker has just created returns that one.
	made, err := p.engine.VolumeCreate(ctx, client.VolumeCreateOptions{Name: p.name(s.ID), Labels: p.labels(kindVolume,
		labelID, s.ID, labelCluster, s.Tags.ClusterID, labelNode, s.Tags.NodeID, labelSize, strconv.Itoa(s.SizeGiB), labelSpec, string(spec))})
	if err != nil {
		return none, engineFault(err, "create volume %s", s.ID)
	}
	return p.existingVolume(ctx, s, made.Volume)
}

func (p *Provider) existingVolume(ctx context.Context, s providers.VolumeSpec, v volume.Volume) (providers.Volume, error) {
	if err := sameCluster("volume", s.ID, v.Labels[labelCluster], s.Tags.ClusterID); err != nil {
		return providers.Volume{}, err
	}
	all, err := p.volumes(ctx, v.Labels[labelCluster])
	return all[s.ID], err
}

// GrowVolume implements providers.Provider. Sizes are records here.
func (p *Provider) GrowVolume(ctx context.Context, id string, sizeGiB int) error {
	if err := validID("a volume", id); err != nil {
		return err
	}
	release, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	have, err := p.engine.VolumeInspect(ctx, p.name(id), client.VolumeInspectOptions{})
	if err != nil {
		return engineFault(err, "inspect volume %s", id)
	}
	cluster := have.Volume.Labels[labelCluster]
	all, err := p.volumes(ctx, cluster)
	if err != nil {
		return err
	}
	v := all[id]
	if sizeGiB < v.SizeGiB {
		return fault.New(fault.Invalid, "provider docker: volume %s has %d GiB and cannot shrink to %d", id, v.SizeGiB, sizeGiB)
	}
	if sizeGiB == v.SizeGiB {
		return nil
	}
	size := strconv.Itoa(sizeGiB)
	_, err = p.engine.VolumeCreate(ctx, client.VolumeCreateOptions{Name: p.name(id + "." + size), Labels: p.labels(kindGrown,
		labelID, id, labelCluster, cluster, labelNode, v.Tags.NodeID, labelSize, size)})
	return engineFault(err, "record the size of volume %s", id)
}

// DeleteVolume implements providers.Provider. The engine refuses while an instance has the volume. The size records are
// removed first: while the volume exists it is listed and its deletion can be retried.
func (p *Provider) DeleteVolume(ctx context.Context, id string) error {
	if err := validID("a volume", id); err != nil {
		return err
	}
	release, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	if user, err := p.userOf(ctx, id); err != nil {
		return err
	} else if user != "" {
		return volumeInUse(id, user)
	}
	records, err := p.engine.VolumeList(ctx, client.VolumeListOptions{Filters: p.labelled(kindGrown, labelID, id)})
	if err != nil {
		return engineFault(err, "list the size records of volume %s", id)
	}
	for _, r := range append(records.Items, volume.Volume{Name: p.name(id)}) {
		_, err := p.engine.VolumeRemove(ctx, r.Name, client.VolumeRemoveOptions{})
		if err != nil && !errdefs.IsNotFound(err) {
			return engineFault(err, "remove volume %s", id)
		}
		if err := p.step("volume"); err != nil {
			return err
		}
	}
	return nil
}

func volumeInUse(id, user string) error {
	return fault.New(fault.Conflict, "provider docker: volume %s is in use by instance %s", id, user).WithHint("delete the instance first")
}

// volumes returns all volumes of a cluster by id, with their current sizes; InUseBy is empty.
func (p *Provider) volumes(ctx context.Context, clusterID string) (map[string]providers.Volume, error) {
	all := map[string]providers.Volume{}
	for _, kind := range []string{kindVolume, kindGrown} {
		list, err := p.engine.VolumeList(ctx, client.VolumeListOptions{Filters: p.ofCluster(kind, clusterID)})
		if err != nil {
			return nil, engineFault(err, "list volumes of cluster %s", clusterID)
		}
		for _, v := range list.Items {
			id := v.Labels[labelID]
			size, _ := strconv.Atoi(v.Labels[labelSize]) // only this provider sets it
			have, known := all[id]
			if kind == kindGrown && !known {
				continue // its volume is gone
			}
			have.ID, have.Tags = id, providers.Tags{ClusterID: v.Labels[labelCluster], NodeID: v.Labels[labelNode]}
			have.SizeGiB = max(have.SizeGiB, size)
			all[id] = have
		}
	}
	return all, nil
}
