package client

import (
	"context"
	"time"

	"drover/workflows/api"
)

// Backups reads the catalogue of backups.
func (c *Client) Backups(ctx context.Context, in api.ListBackupsInput) (*api.BackupList, error) {
	var out api.BackupList
	if err := c.read(ctx, api.ListBackups, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Backup reads one backup with its parts.
func (c *Client) Backup(ctx context.Context, id string) (*api.BackupView, error) {
	list, err := c.Backups(ctx, api.ListBackupsInput{Backup: id})
	if err != nil {
		return nil, err
	}
	return &list.Backups[0], nil
}

// ImportBackup takes a backup of a target into the catalogue.
func (c *Client) ImportBackup(ctx context.Context, in api.ImportBackupInput) (*api.BackupView, error) {
	var out api.BackupView
	if err := c.call(ctx, "backup/import/"+in.Backup, api.ImportBackup, "import backup "+in.Backup, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// exportTime is how long a copy of a backup may take.
const exportTime = 24 * time.Hour

// ExportBackup copies a backup to another target, and waits until it is there.
func (c *Client) ExportBackup(ctx context.Context, in api.ExportBackupInput) (*api.BackupView, error) {
	patient := *c
	patient.ReadTimeout = exportTime
	var out api.BackupView
	if err := patient.call(ctx, "backup/export/"+in.Backup, api.ExportBackup, "export backup "+in.Backup, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
