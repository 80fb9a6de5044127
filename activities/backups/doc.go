// Package backups moves the data of clusters between nodes and the targets of backups, and keeps the catalogue. It runs no
// command of a package and makes no machine; whether a backup may be made or used was decided when the operation began.
//
// A backup is entered in the catalogue as unfinished before anything is stored, and becomes whole in one write when
// everything is at its target. Every activity can be repeated at any point: what is stored is not stored again.
package backups

import (
	"context"
	"io"
	"log/slog"
	"time"

	"drover/activities/internal/attempt"
	"drover/activities/internal/catalogue"
	"drover/activities/internal/control"
	"drover/activities/internal/ledger"
	"drover/lifecycle"
	"drover/providers"
)

// Nodes reads and writes folders of nodes.
type Nodes interface {
	// ReadFolder writes a folder of a node as a tar stream; NotFound where the node has none.
	ReadFolder(ctx context.Context, n lifecycle.Node, dir string, w io.Writer) error
	// WriteFolder makes a folder of a node what a tar stream says.
	WriteFolder(ctx context.Context, n lifecycle.Node, dir string, r io.Reader) error
	// RemoveFolder removes a folder; one that is missing is removed already.
	RemoveFolder(ctx context.Context, n lifecycle.Node, dir string) error
}

// Activities back up and restore.
type Activities struct {
	Records   control.Store
	Ledger    ledger.Store
	Catalogue catalogue.Catalogue
	Attempt   attempt.Check
	Providers providers.Set
	Nodes     Nodes
	Now       func() time.Time
	Logger    *slog.Logger
}

func (a *Activities) now() string { return a.Now().UTC().Format(time.RFC3339) }

// atOnce is how many parts one activity moves at the same time: each takes some ten megabytes of memory.
const atOnce = 4
