package api

import "fmt"

// ListBackupsInput reads the catalogue of backups.
type ListBackupsInput struct {
	ClusterID string `json:"cluster_id,omitempty"` // default: of all clusters
	Backup    string `json:"backup,omitempty"`     // only this one, with its parts
}

// BackupList is the catalogue of backups, the oldest first within a cluster.
type BackupList struct {
	Backups []BackupView `json:"backups"`
}

// BackupView is one backup as people see it.
type BackupView struct {
	Backup    string `json:"backup"` // s-xxxxxxxx
	ClusterID string `json:"cluster_id"`
	Name      string `json:"name,omitempty"`
	App       string `json:"app"`
	Version   string `json:"version"`
	Provider  string `json:"provider"`
	Policy    string `json:"policy"` // device or custom
	// State is whole, unfinished (its operation runs or died; it cannot be used) or deleting.
	State  string `json:"state"`
	Why    string `json:"why"` // manual, scheduled, safety or imported
	Target string `json:"target"`
	// Parent is the point before in the chain; empty: a full backup. Children are the later points that need this one.
	Parent      string   `json:"parent,omitempty"`
	Children    []string `json:"children,omitempty"`
	CreatedAt   string   `json:"created_at"` // RFC 3339, UTC
	CompletedAt string   `json:"completed_at,omitempty"`
	Bytes       int64    `json:"bytes"`  // of data
	Stored      int64    `json:"stored"` // of it, what this point has added, before compression
	// Verified is when a restore into a throw-away cluster succeeded last; Compared: the package compared the data;
	// VerifyProblem is why the last one failed.
	Verified      string       `json:"verified,omitempty"`
	Compared      bool         `json:"compared,omitempty"`
	VerifyProblem string       `json:"verify_problem,omitempty"`
	Roles         []BackupRole `json:"roles,omitempty"`
	Parts         []BackupPart `json:"parts,omitempty"`
	Problem       string       `json:"problem,omitempty"` // why the entry cannot be read
}

// BackupRole names the nodes of a role in a backup.
type BackupRole struct {
	Role string `json:"role"`
	SIDs []int  `json:"sids"`
}

// BackupPart is the data of one volume (from 1), or of the folder of a custom backup (0).
type BackupPart struct {
	Role   string `json:"role"`
	SID    int    `json:"sid"`
	Volume int    `json:"volume"`
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// ImportBackupInput takes a backup of a target into the catalogue, with the earlier points of its chain.
type ImportBackupInput struct {
	Backup string `json:"backup"`           // s-xxxxxxxx
	Target string `json:"target,omitempty"` // default: the worker's
}

// ExportBackupInput copies a backup to another target, with the earlier points of its chain.
type ExportBackupInput struct {
	Backup string `json:"backup"` // s-xxxxxxxx
	Target string `json:"target"`
}

func backupProblems(id string) []string {
	if ValidBackupID(id) {
		return nil
	}
	return []string{fmt.Sprintf("backup: %q is not a backup id: use s- and 8 lower-case letters or digits, like s-a1b2c3d4", id)}
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in BackupClusterInput) Problems() []string {
	p := in.Holds.problems()
	if in.Chain < 0 {
		p = append(p, fmt.Sprintf("chain: %d; a chain has at least one point, and 0 is any number", in.Chain))
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in RestoreClusterInput) Problems() []string {
	p := append(append(backupProblems(in.Backup), in.Waits.Problems()...), in.Holds.problems()...)
	if why := NameProblem(in.Name); in.Name != "" && why != "" {
		p = append(p, fmt.Sprintf("name: %q %s", in.Name, why))
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in RestoreInPlaceInput) Problems() []string {
	return append(backupProblems(in.Backup), in.Holds.problems()...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in DeleteBackupInput) Problems() []string {
	return append(backupProblems(in.Backup), in.Holds.problems()...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in ImportBackupInput) Problems() []string { return backupProblems(in.Backup) }

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in ExportBackupInput) Problems() []string {
	p := backupProblems(in.Backup)
	if in.Target == "" {
		p = append(p, "target: required, the target to copy the backup to")
	}
	return p
}

// IsDryRun says whether only a plan is wanted.
func (in BackupClusterInput) IsDryRun() bool { return in.DryRun }

// IsDryRun says whether only a plan is wanted.
func (in RestoreInPlaceInput) IsDryRun() bool { return in.DryRun }

// IsDryRun says whether only a plan is wanted.
func (in DeleteBackupInput) IsDryRun() bool { return in.DryRun }
