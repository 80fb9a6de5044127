package backups

import (
	"cmp"
	"context"
	"slices"

	"drover/activities/internal/catalogue"
	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// ListBackups lists the catalogue, the oldest first within a cluster.
func (a *Activities) ListBackups(ctx context.Context, in api.ListBackupsInput) (api.BackupList, error) {
	all, err := a.Catalogue.Store.Backups(ctx)
	if err != nil {
		return api.BackupList{}, err
	}
	list := api.BackupList{Backups: []api.BackupView{}}
	for _, b := range all {
		if in.ClusterID != "" && b.ClusterID != in.ClusterID || in.Backup != "" && b.ID != in.Backup {
			continue
		}
		list.Backups = append(list.Backups, view(b, all, in.Backup != ""))
	}
	if in.Backup != "" && len(list.Backups) == 0 {
		return list, fault.New(fault.NotFound, "backup %s does not exist", in.Backup).WithHint("list the backups with: drover backup list")
	}
	slices.SortFunc(list.Backups, func(x, y api.BackupView) int {
		return cmp.Or(cmp.Compare(x.ClusterID, y.ClusterID), cmp.Compare(x.CreatedAt, y.CreatedAt), cmp.Compare(x.Backup, y.Backup))
	})
	return list, nil
}

func view(b lifecycle.Backup, all []lifecycle.Backup, whole bool) api.BackupView {
	bytes, stored := b.Bytes()
	v := api.BackupView{
		Backup: b.ID, ClusterID: b.ClusterID, Name: b.Name, App: b.App, Version: b.Version, Provider: b.Provider, Policy: b.Policy,
		State: string(b.State), Why: b.Why, Target: b.Target, Parent: b.Parent, CreatedAt: b.CreatedAt, CompletedAt: b.CompletedAt,
		Bytes: bytes, Stored: stored, Problem: b.Problem,
	}
	for _, other := range all {
		if other.Parent == b.ID && b.ID != "" {
			v.Children = append(v.Children, other.ID)
		}
	}
	switch {
	case b.Verified == nil:
	case b.Verified.Problem != "":
		v.VerifyProblem = b.Verified.Problem
	default:
		v.Verified, v.Compared = b.Verified.At, b.Verified.Compared
	}
	for _, r := range b.Roles {
		v.Roles = append(v.Roles, api.BackupRole{Role: r.Role, SIDs: r.SIDs})
	}
	for _, p := range b.Parts {
		if whole {
			v.Parts = append(v.Parts, api.BackupPart{Role: p.Role, SID: p.SID, Volume: p.Volume, Files: p.Files, Bytes: p.Bytes, SHA256: p.SHA256})
		}
	}
	return v
}

// ImportBackup takes a backup of a target into the catalogue, with the earlier points of its chain. What the catalogue has
// stays as it is.
func (a *Activities) ImportBackup(ctx context.Context, in api.ImportBackupInput) (api.BackupView, error) {
	defer fanout.Alive(ctx)()
	name, t, err := a.Catalogue.Target(in.Target)
	if err != nil {
		return api.BackupView{}, err
	}
	var chain []lifecycle.Backup // the newest first
	for id := in.Backup; id != ""; {
		m, sum, err := catalogue.ReadManifest(ctx, t, id)
		if err != nil {
			return api.BackupView{}, err
		}
		b := m.Backup
		b.Target, b.Manifest, b.Verified = name, sum, nil
		chain = append(chain, b)
		id = b.Parent
		if len(chain) > maxChain {
			return api.BackupView{}, fault.New(fault.Invalid, "the chain of backup %s has no beginning", in.Backup)
		}
	}
	slices.Reverse(chain)
	for _, b := range chain {
		if _, _, err := a.Catalogue.Store.Backup(ctx, b.ID); err == nil {
			continue
		} else if !fault.Is(err, fault.NotFound) {
			return api.BackupView{}, err
		}
		if _, err := a.Catalogue.Store.PutBackup(ctx, b, 0); err != nil {
			return api.BackupView{}, err
		}
	}
	list, err := a.ListBackups(ctx, api.ListBackupsInput{Backup: in.Backup})
	if err != nil {
		return api.BackupView{}, err
	}
	return list.Backups[0], nil
}

// maxChain bounds how many points of a chain are followed.
const maxChain = 10_000

// ExportBackup copies a backup to another target, with the earlier points of its chain: the manifest of each last. Objects
// that are there already are not copied again.
func (a *Activities) ExportBackup(ctx context.Context, in api.ExportBackupInput) (api.BackupView, error) {
	defer fanout.Alive(ctx)()
	_, to, err := a.Catalogue.Target(in.Target)
	if err != nil {
		return api.BackupView{}, err
	}
	for id := in.Backup; id != ""; {
		b, err := a.Catalogue.Whole(ctx, id)
		if err != nil {
			return api.BackupView{}, err
		}
		if b.Target == in.Target {
			return api.BackupView{}, fault.New(fault.Invalid, "backup %s is at target %s already", id, in.Target)
		}
		m, err := a.Catalogue.Manifest(ctx, b)
		if err != nil {
			return api.BackupView{}, err
		}
		_, from, err := a.Catalogue.Target(b.Target)
		if err != nil {
			return api.BackupView{}, err
		}
		names, err := from.List(ctx, id+"/")
		if err != nil {
			return api.BackupView{}, err
		}
		for _, name := range names {
			if name == id+"/manifest" {
				continue
			}
			has, err := to.Has(ctx, name)
			var data []byte
			if err == nil && !has {
				if data, err = from.Get(ctx, name); err == nil {
					err = to.Put(ctx, name, data)
				}
			}
			if err != nil {
				return api.BackupView{}, err
			}
		}
		if _, err := catalogue.WriteManifest(ctx, to, *m); err != nil {
			return api.BackupView{}, err
		}
		id = b.Parent
	}
	list, err := a.ListBackups(ctx, api.ListBackupsInput{Backup: in.Backup})
	if err != nil {
		return api.BackupView{}, err
	}
	return list.Backups[0], nil
}

// ExpiredBackups names the chains of a cluster that go, by their full backups.
func (a *Activities) ExpiredBackups(ctx context.Context, in api.ExpiredBackupsInput) (api.ExpiredBackups, error) {
	all, err := a.Catalogue.Store.Backups(ctx)
	return api.ExpiredBackups{Backups: lifecycle.Expired(all, in.ClusterID, in.Keep)}, err
}
