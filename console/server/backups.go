package server

import (
	"context"
	"slices"

	wire "drover/console/api"
	"drover/fault"
	"drover/workflows/api"
)

// backups are those of the clusters within the labels of who asks.
func (s *Server) backups(ctx context.Context, in *backupsInput) (*body[wire.Items[api.BackupView]], error) {
	list, err := s.Client.Backups(ctx, api.ListBackupsInput{ClusterID: in.Cluster})
	if err != nil {
		return nil, failed(err)
	}
	who := callOf(ctx).Identity
	return items(slices.DeleteFunc(list.Backups, func(b api.BackupView) bool { return !s.sees(ctx, who, b.ClusterID) }), nil)
}

func (s *Server) backup(ctx context.Context, in *BackupPath) (*body[api.BackupView], error) {
	b, err := s.Client.Backup(ctx, in.ID)
	if err == nil {
		err = s.within(ctx, b)
	}
	if err != nil {
		return nil, failed(err)
	}
	return &body[api.BackupView]{Body: *b}, nil
}

// within refuses a backup of a cluster outside the labels of who asks.
func (s *Server) within(ctx context.Context, b *api.BackupView) error {
	if who := callOf(ctx).Identity; !s.sees(ctx, who, b.ClusterID) {
		return fault.New(fault.NotAllowed, "cluster %s of backup %s is outside the labels of %s", b.ClusterID, b.Backup, who.User)
	}
	return nil
}

func (s *Server) restore(ctx context.Context, in *restoreInput) (*started, error) {
	request := s.request(ctx, api.RestoreCluster, in.Body.ID, in.Key)
	choose(&request)
	input := in.Body.Input
	if err := names("backup", &input.Backup, in.ID); err != nil {
		return nil, noted(ctx, err)
	}
	input.DryRun = input.DryRun || in.DryRun
	request.Input, request.Summary = input, "restore "+in.ID+" as "+request.ClusterID
	return s.start(ctx, request)
}

func (s *Server) verify(ctx context.Context, in *verifyInput) (*started, error) {
	request := s.request(ctx, api.VerifyBackup, in.Body.ID, in.Key)
	choose(&request)
	input := in.Body.Input
	if err := names("backup", &input.Backup, in.ID); err != nil {
		return nil, noted(ctx, err)
	}
	input.DryRun = input.DryRun || in.DryRun
	request.Input, request.Summary = input, "verify "+in.ID
	return s.start(ctx, request)
}

func (s *Server) importBackup(ctx context.Context, in *targetInput) (*body[api.BackupView], error) {
	out, err := s.Client.ImportBackup(ctx, api.ImportBackupInput{Backup: in.ID, Target: in.Body.Target})
	return answer(ctx, out, err)
}

func (s *Server) exportBackup(ctx context.Context, in *targetInput) (*body[api.BackupView], error) {
	request := api.ExportBackupInput{Backup: in.ID, Target: in.Body.Target}
	if err := invalid(request.Problems()); err != nil {
		return nil, noted(ctx, err)
	}
	b, err := s.Client.Backup(ctx, in.ID)
	if err == nil {
		err = s.within(ctx, b)
	}
	if err != nil {
		return nil, noted(ctx, err)
	}
	out, err := s.Client.ExportBackup(ctx, request)
	return answer(ctx, out, err)
}
