package lifecycle

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"drover/specs"
)

// Values of backup_policy: who copies the data of a cluster.
const (
	PolicyDevice = "device" // the provider takes snapshots of volumes
	PolicyCustom = "custom" // the package's commands leave files in a folder of their node
)

// BackupState is what a backup in the catalogue is.
type BackupState string

const (
	BackupUnfinished BackupState = "unfinished" // its operation runs, or died; never used, and removed by the next backup of the cluster
	BackupWhole      BackupState = "whole"      // everything is at the target
	BackupDeleting   BackupState = "deleting"   // its data is being removed
)

// Reasons for a backup.
const (
	BackupManual    = "manual"
	BackupScheduled = "scheduled"
	BackupSafety    = "safety" // made before a restore in place
)

// Backup is one point of the catalogue. It outlives its cluster.
type Backup struct {
	ID        string      `json:"id"` // s-xxxxxxxx
	ClusterID string      `json:"cluster_id"`
	Name      string      `json:"name,omitempty"` // of the cluster
	App       string      `json:"app"`
	Version   string      `json:"version"`
	Provider  string      `json:"provider"`
	Policy    string      `json:"policy"`
	State     BackupState `json:"state"`
	Why       string      `json:"why"`
	// Parent is the point before in the same chain; empty: a full backup, which begins a chain.
	Parent string `json:"parent,omitempty"`
	Target string `json:"target"`
	// RunID is the operation that makes or removes the backup: no other one may.
	RunID string `json:"run_id"`
	// CreatedAt and CompletedAt are RFC 3339, UTC. Writes acknowledged before CreatedAt are in the backup.
	CreatedAt   string       `json:"created_at"`
	CompletedAt string       `json:"completed_at,omitempty"`
	Roles       []BackupRole `json:"roles,omitempty"`
	Parts       []BackupPart `json:"parts,omitempty"`
	// Prints are what verify printed when the backup was made, by "role/sid".
	Prints map[string]Print `json:"prints,omitempty"`
	// Manifest is the SHA-256 of the manifest at the target, which has the cluster's record.
	Manifest string `json:"manifest,omitempty"`
	// Verified is how the last verification ended; nil: there was none.
	Verified *Verification `json:"verified,omitempty"`
	// Problem says why the entry cannot be read.
	Problem string `json:"problem,omitempty"`
}

// BackupRole names the nodes of a role in a backup.
type BackupRole struct {
	Role string `json:"role"`
	SIDs []int  `json:"sids"`
}

// BackupPart is the data of one volume, or of the folder of a custom backup.
type BackupPart struct {
	Role   string `json:"role"`
	SID    int    `json:"sid"`
	Volume int    `json:"volume"` // from 1, in the order of the role's mount points; 0: the folder
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`
	Stored int64  `json:"stored"` // what this point added, before compression
	SHA256 string `json:"sha256"` // of the part's index, which has the sums of its content
}

// Name is the name of the part at the target.
func (p BackupPart) Name() string {
	role := p.Role
	if role == "" {
		role = "node"
	}
	return fmt.Sprintf("%s-%d-%d", url.PathEscape(role), p.SID, p.Volume)
}

// Print is what a command printed: its first bytes, and the SHA-256 of all of it.
type Print struct {
	Text   string `json:"text"`
	SHA256 string `json:"sha256"`
}

// Verification is how a restore into a throw-away cluster ended.
type Verification struct {
	At       string `json:"at"`                 // RFC 3339, UTC
	Compared bool   `json:"compared,omitempty"` // the package's verify printed the same as at backup time
	Problem  string `json:"problem,omitempty"`  // empty: the backup was restored
}

// Manifest is what lies beside the data at the target: enough to restore the cluster in another installation.
type Manifest struct {
	Backup Backup `json:"backup"`
	// Record is the cluster's record without what belongs to its machines.
	Record *Record `json:"record"`
}

// BackupWork is what an operation on backups does, as its beginning decided.
type BackupWork struct {
	ID     string `json:"id"`
	Policy string `json:"policy"`
	Parent string `json:"parent,omitempty"`
	Target string `json:"target,omitempty"`
	Why    string `json:"why,omitempty"`
	// Deletes are the points to delete, the newest of a chain first.
	Deletes []string `json:"deletes,omitempty"`
	// Safety is the backup that is made before a restore in place; empty: the provider cannot.
	Safety string `json:"safety,omitempty"`
	// From is the cluster that was backed up, where it is another one.
	From string `json:"from,omitempty"`
}

// Bytes and Stored are the sums over all parts.
func (b Backup) Bytes() (all, stored int64) {
	for _, p := range b.Parts {
		all, stored = all+p.Bytes, stored+p.Stored
	}
	return all, stored
}

// Part finds the data of a volume (0: the folder) for a node of a restored cluster. A node without a folder of its own gets
// the role's first one: nodes_to_execute_on: 1 backs up one node for all.
func (b Backup) Part(role string, sid, volume int) (BackupPart, bool) {
	var first *BackupPart
	for i, p := range b.Parts {
		switch {
		case p.Role != role || p.Volume != volume:
		case p.SID == sid:
			return p, true
		case volume == 0 && (first == nil || p.SID < first.SID):
			first = &b.Parts[i]
		}
	}
	if first == nil {
		return BackupPart{}, false
	}
	return *first, true
}

// TakesPart reports whether a role takes part in a backup or restore: it defines the service, and replicas do so only where
// it says with_replica.
func (r RoleView) TakesPart(service string) bool {
	s, ok := r.Service(service)
	return ok && !r.NoAgent && len(r.Nodes) > 0 && (r.ReplicaOf == "" || s.WithReplica)
}

// TakingPart keeps the nodes of the roles that take part.
func (v View) TakingPart(service string) Among {
	return v.Among(func(r RoleView) bool { return r.TakesPart(service) })
}

// PartsOf are the parts that a backup of a cluster has: of every volume with the policy device, of the folder of every node
// that runs backup with custom.
func PartsOf(r *Record, policy string) []BackupPart {
	v := ViewOf(r, false)
	keep := v.TakingPart(ServiceBackup)
	if policy == PolicyCustom {
		var ids []string
		for _, g := range v.Stage(ServiceBackup, Command, nil, keep).Groups {
			ids = append(ids, g.NodeIDs()...)
		}
		keep = Only(ids)
	}
	var parts []BackupPart
	for _, n := range r.Nodes {
		switch {
		case !keep(NodeRef{ID: n.ID}):
		case policy == PolicyCustom:
			parts = append(parts, BackupPart{Role: n.Role, SID: n.SID})
		default:
			for i := range n.VolumeIDs {
				parts = append(parts, BackupPart{Role: n.Role, SID: n.SID, Volume: i + 1})
			}
		}
	}
	return parts
}

// MayBackup refuses a cluster that cannot be backed up. snapshots says why the provider takes none; empty: it does.
func MayBackup(r *Record, snapshots string) *Refusal {
	v := ViewOf(r, false)
	takes := slices.ContainsFunc(v.Roles, func(role RoleView) bool { return role.TakesPart(ServiceBackup) })
	switch {
	case !takes:
		return &Refusal{Why: fmt.Sprintf("no role of %s %s with nodes defines the service backup", r.AppID, r.VersionID),
			Hint: "contact the package's author; packages/etcd shows a package with a backup"}
	case r.Spec.BackupPolicy != PolicyDevice && r.Spec.BackupPolicy != PolicyCustom:
		return &Refusal{Why: fmt.Sprintf("%s %s has backup_policy %q; it must be device or custom", r.AppID, r.VersionID, r.Spec.BackupPolicy),
			Hint: "contact the package's author"}
	case r.Spec.BackupPolicy == PolicyDevice && snapshots != "":
		return &Refusal{Why: fmt.Sprintf("%s %s is backed up by snapshots of its volumes, and provider %s takes none: %s", r.AppID, r.VersionID, r.Provider, snapshots),
			Hint: "use a provider with snapshots (drover providers), or a package with backup_policy custom"}
	case len(PartsOf(r, r.Spec.BackupPolicy)) == 0:
		return &Refusal{Why: "the roles that define backup have no volumes", Hint: "contact the package's author"}
	}
	return nil
}

// MayRestoreInPlace refuses to put a backup over a cluster that runs, unless the package's own commands do it, and made the
// backup of this cluster and version.
func MayRestoreInPlace(v View, b Backup, force bool) *Refusal {
	create := Refusal{Hint: "restore it into a new cluster: drover backup restore " + b.ID}
	switch {
	case b.Policy != PolicyCustom:
		create.Why = fmt.Sprintf("backup %s is of volumes (backup_policy %s), which cannot be exchanged under a cluster that runs", b.ID, b.Policy)
	case b.ClusterID != v.ClusterID:
		create.Why = fmt.Sprintf("backup %s is one of cluster %s", b.ID, b.ClusterID)
	case b.Version != v.Version:
		create.Why = fmt.Sprintf("backup %s is of version %s, and the cluster runs %s", b.ID, b.Version, v.Version)
	case !v.Defines(ServiceRestore, nil):
		create.Why = "the package defines no service restore"
	case force:
		return refuseForce(v.RefusesForce(nil))
	default:
		return nil
	}
	return &create
}

// FolderOf is where a custom backup leaves its files on a node of a role, and where a restore finds them: on the first volume,
// which has the room.
func FolderOf(c *specs.Cluster, role, backup string) string {
	if r, ok := c.Role(role); ok && r.Volume != nil && len(r.Volume.MountPoints) > 0 {
		return strings.TrimSuffix(r.Volume.MountPoints[0], "/") + "/.drover-backup/" + backup
	}
	return "/var/lib/drover-backup/" + backup
}

// Portable is the part of a record that a backup keeps: what the cluster is, without its machines, keys and tokens.
func (r *Record) Portable() (*Record, error) {
	out, err := r.Clone()
	if err != nil {
		return nil, err
	}
	for i, n := range out.Nodes {
		out.Nodes[i] = Node{
			ID: n.ID, Role: n.Role, SID: n.SID, GID: n.GID, CPU: n.CPU, Memory: n.Memory, GPU: n.GPU, VolumeSize: n.VolumeSize,
			InstanceClass: n.InstanceClass, VolumeClass: n.VolumeClass, GPUClass: n.GPUClass, VolumeIDs: n.VolumeIDs, VersionID: n.VersionID,
		}
	}
	out.ConsulToken, out.Operation, out.Reason, out.Open, out.Prints, out.Revision = "", Operation{}, "", nil, nil, 0
	return out, nil
}

// byTime orders backups by their creation.
func byTime(a, b Backup) int {
	return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// Chains groups the whole backups of a cluster by chain, the oldest first, each from its full backup on.
func Chains(all []Backup, clusterID string) [][]Backup {
	after := map[string]Backup{} // by parent: a chain has no branches
	var chains [][]Backup
	for _, b := range slices.SortedFunc(slices.Values(all), byTime) {
		switch {
		case b.ClusterID != clusterID || b.State != BackupWhole || b.Why == BackupSafety:
		case b.Parent == "":
			chains = append(chains, []Backup{b})
		default:
			after[b.Parent] = b
		}
	}
	for i := range chains {
		for next, ok := after[chains[i][0].ID]; ok; next, ok = after[next.ID] {
			chains[i] = append(chains[i], next)
		}
	}
	return chains
}

// NextParent is the point that an incremental backup builds on; empty: the backup is full and begins a chain. A chain ends
// after length points (0: no limit), and when policy, target or version change.
func NextParent(all []Backup, r *Record, target string, length int) string {
	chains := Chains(all, r.ClusterID)
	if !r.Spec.IncrementalBackup || len(chains) == 0 {
		return ""
	}
	chain := chains[len(chains)-1]
	last := chain[len(chain)-1]
	if length > 0 && len(chain) >= length || last.Policy != r.Spec.BackupPolicy || last.Target != target || last.Version != r.VersionID {
		return ""
	}
	return last.ID
}

// WithLater is a point and all later ones of its chain that need it, the newest first.
func WithLater(all []Backup, id string) []string {
	out := []string{id}
	for i := 0; i < len(out); i++ {
		for _, b := range all {
			if b.Parent == out[i] && !slices.Contains(out, b.ID) {
				out = append(out, b.ID)
			}
		}
	}
	slices.Reverse(out)
	return out
}

// Compare names what a restored cluster prints otherwise than the cluster that was backed up; empty: nothing differs.
func Compare(then, now map[string]Print) []string {
	var out []string
	for _, node := range sortedKeys(then) {
		was, is := then[node], now[node]
		switch {
		case is == (Print{}):
			out = append(out, fmt.Sprintf("verify printed nothing on %s after the restore", node))
		case was.SHA256 != is.SHA256:
			out = append(out, fmt.Sprintf("verify printed %q on %s after the restore, and %q when the backup was made", is.Text, node, was.Text))
		}
	}
	return out
}

func sortedKeys(m map[string]Print) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
