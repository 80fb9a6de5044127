package api

import (
	"fmt"
	"time"
)

// ClusterDeleted is the state of a cluster in the recycle bin.
const ClusterDeleted = "deleted"

// BinWorkflowID is the id under which clusters are released whose time in the recycle bin is up: one run for all of them, which
// ends when the bin is empty. SignalNow makes it look at once.
const BinWorkflowID = "bin"

// MaxKeep is the longest time that a deleted cluster can be kept.
const MaxKeep = 366 * 24 * time.Hour

// RecoverClusterInput starts RecoverCluster under workflow id cluster/<cluster id>.
type RecoverClusterInput struct {
	Waits
	Holds
}

// CeaseClusterInput starts CeaseCluster under workflow id cluster/<cluster id>.
type CeaseClusterInput struct {
	// Expired releases the cluster only if its time in the recycle bin is up.
	Expired bool `json:"expired,omitempty"`
	DryRun  bool `json:"dry_run,omitempty"`
	Holds
}

// EmptyBinInput starts EmptyBin under workflow id bin.
type EmptyBinInput struct {
	// Rounds counts the looks of earlier runs of the chain since a release was refused or failed.
	Rounds int `json:"rounds,omitempty"`
}

// DueClusters are the clusters whose time in the recycle bin is up.
type DueClusters struct {
	Due []string `json:"due,omitempty"`
	// Binned counts all clusters in the recycle bin, NextSec is in how many seconds the next is due.
	Binned  int `json:"binned"`
	NextSec int `json:"next_sec,omitempty"`
}

// Binned says since when a cluster is in the recycle bin, and until when it is kept there, both RFC 3339, UTC.
type Binned struct {
	Since string `json:"since"`
	Until string `json:"until"`
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in RecoverClusterInput) Problems() []string {
	return append(in.Waits.Problems(), in.Holds.problems()...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in CeaseClusterInput) Problems() []string { return in.Holds.problems() }

// IsDryRun says whether only a plan is wanted.
func (in CeaseClusterInput) IsDryRun() bool { return in.DryRun }

// keepProblems checks how long a deleted cluster is to be kept.
func keepProblems(text string) []string {
	if text == "" {
		return nil
	}
	if d, err := time.ParseDuration(text); err != nil || d < 0 || d > MaxKeep || d != 0 && d < time.Second {
		return []string{fmt.Sprintf("keep: %q is not 0 or a duration from 1s to %s, such as 2h", text, "8784h")}
	}
	return nil
}
