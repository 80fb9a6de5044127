package api

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	agentapi "drover/agent/api"
)

// DefaultBarrierTimeout is how long a node may take to apply a revision when the request does not say: longer than a
// reload_cmd, so that one which hangs ends as a warning of its node and not as a node that is late. A node that does not
// answer at all is given up earlier (remote).
const DefaultBarrierTimeout = agentapi.PassCommandLimit + 2*time.Minute

// MaxAdded is how many nodes one AddNodes may add: more is a typing error, and would cost the worker its memory.
const MaxAdded = 10_000

// What happens when a step of an operation fails: undo and hold for all, keep for a creation, stop (in place of undo) and
// rollback for an upgrade.
const (
	OnFailureHold     = "hold"
	OnFailureUndo     = "undo"
	OnFailureKeep     = "keep"
	OnFailureStop     = "stop"
	OnFailureRollback = "rollback"
)

var appWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,62}$`)

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in CreateClusterInput) Problems() []string {
	var p []string
	if in.App == "" {
		p = append(p, "app: required, the id of a published application")
	} else {
		p = append(p, wordProblem("app", in.App)...)
	}
	if in.Version != "" {
		p = append(p, wordProblem("version", in.Version)...)
	}
	if in.Name != "" {
		p = append(p, nameProblems(in.Name)...)
	}
	p = append(p, labelProblems(in.Labels)...)
	p = append(p, keepProblems(in.Keep)...)
	p = append(p, onFailureProblems(in.OnFailure, OnFailureUndo, OnFailureKeep, OnFailureHold)...)
	return append(p, in.Waits.Problems()...)
}

// Problems lists everything that is wrong with the waits; empty when they can be used.
func (w Waits) Problems() []string {
	if w.BarrierTimeout == "" {
		return nil
	}
	if d, err := time.ParseDuration(w.BarrierTimeout); err != nil || d < time.Second || d > 24*time.Hour {
		return []string{fmt.Sprintf("barrier_timeout: %q is not a duration from 1s to 24h, such as 90s or 5m", w.BarrierTimeout)}
	}
	return nil
}

// Barrier is how long a node may take to apply a revision.
func (w Waits) Barrier() time.Duration {
	if d, err := time.ParseDuration(w.BarrierTimeout); err == nil && d > 0 {
		return d
	}
	return DefaultBarrierTimeout
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in AddNodesInput) Problems() []string {
	p := append(in.Waits.Problems(), in.Holds.problems()...)
	if in.Count < 1 {
		p = append(p, fmt.Sprintf("count: %d; at least one node can be added", in.Count))
	}
	if in.Count > MaxAdded {
		p = append(p, fmt.Sprintf("count: %d; at most %d nodes can be added at once", in.Count, MaxAdded))
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in DeleteNodesInput) Problems() []string {
	p := append(in.Waits.Problems(), in.Holds.problems()...)
	if len(in.Nodes) == 0 {
		p = append(p, "nodes: required, the ids (cln-xxxxxxxx) of the nodes to delete")
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in ScaleVerticalInput) Problems() []string {
	p := append(in.Waits.Problems(), in.Holds.problems()...)
	for _, size := range []struct {
		field string
		value int
	}{{"cpu", in.CPU}, {"memory", in.Memory}, {"volume_size", in.VolumeSize}} {
		if size.value < 0 {
			p = append(p, fmt.Sprintf("%s: %d; sizes are positive, and 0 leaves one as it is", size.field, size.value))
		}
	}
	if in.CPU == 0 && in.Memory == 0 && in.VolumeSize == 0 {
		p = append(p, "one of cpu (cores), memory (MiB) and volume_size (GiB) is required")
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in UpgradeClusterInput) Problems() []string {
	p := append(in.Waits.Problems(), wordProblem("version", in.Version)...)
	return append(p, onFailureProblems(in.OnFailure, OnFailureStop, OnFailureRollback, OnFailureHold)...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in ListClustersInput) Problems() []string {
	var p []string
	if in.Sort != "" && !slices.Contains(ListOrders, in.Sort) {
		p = append(p, fmt.Sprintf("sort: %q; use one of %s", in.Sort, strings.Join(ListOrders, ", ")))
	}
	if in.Limit < 0 {
		p = append(p, fmt.Sprintf("limit: %d; must not be negative", in.Limit))
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in DeleteClusterInput) Problems() []string {
	return append(keepProblems(in.Keep), in.Holds.problems()...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in DowngradeClusterInput) Problems() []string {
	return append(in.Waits.Problems(), in.Holds.problems()...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in StartClusterInput) Problems() []string {
	return append(in.Waits.Problems(), in.Holds.problems()...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in StopClusterInput) Problems() []string { return in.Holds.problems() }

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in RestartClusterInput) Problems() []string {
	return append(in.Holds.problems(), in.Healing.problems(in.Nodes)...)
}

func (h Healing) problems(nodes []string) []string {
	if h.Healing && len(nodes) == 0 {
		return []string{"healing: needs nodes"}
	}
	return nil
}

// problems is not exported: promoted beside that of Waits it would hide both.
func (h Holds) problems() []string {
	return onFailureProblems(h.OnFailure, OnFailureUndo, OnFailureHold)
}

// onFailureProblems checks on_failure against what the operation knows.
func onFailureProblems(value string, known ...string) []string {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	return []string{fmt.Sprintf("on_failure: %q is not one of %s", value, strings.Join(known, ", "))}
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in RunServiceInput) Problems() []string {
	p := in.Holds.problems()
	if in.Service == "" {
		p = append(p, "service: required, the name of a service of the package")
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in UpdateEnvInput) Problems() []string {
	p := append(in.Waits.Problems(), in.Holds.problems()...)
	if len(in.Values) == 0 {
		p = append(p, `values: required, such as {"env.quota": 4}`)
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in RepairClusterInput) Problems() []string {
	p := append(in.Waits.Problems(), in.Holds.problems()...)
	if in.Replace && len(in.Nodes) == 0 {
		p = append(p, "replace: needs nodes, those that get another machine")
	}
	return append(p, in.Healing.problems(in.Nodes)...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in DescribeClusterInput) Problems() []string {
	if !ValidClusterID(in.ClusterID) {
		return []string{fmt.Sprintf("cluster_id: %q is not of the form cl-xxxxxxxx (8 lower-case letters or digits)", in.ClusterID)}
	}
	return nil
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in PublishAppInput) Problems() []string {
	p := in.NameProblems()
	if len(in.Archive) == 0 {
		p = append(p, "archive: required, the package as tar.gz in base64")
	}
	return p
}

// NameProblems lists what is wrong with application and version, which become parts of the workflow's id.
func (in PublishAppInput) NameProblems() []string {
	return append(wordProblem("app", in.App), wordProblem("version", in.Version)...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in UnpublishAppInput) Problems() []string {
	return append(wordProblem("app", in.App), wordProblem("version", in.Version)...)
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in YankAppInput) Problems() []string {
	return append(wordProblem("app", in.App), wordProblem("version", in.Version)...)
}

func wordProblem(field, value string) []string {
	if appWord.MatchString(value) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %q must begin with a letter or digit and have 1 to 63 letters, digits and . _ + -", field, value)}
}

// OnFailureHold reports whether a failed step waits for an operator.
func (h Holds) OnFailureHold() bool { return h.OnFailure == OnFailureHold }

// OnFailureHold reports whether a failed step waits for an operator.
func (in CreateClusterInput) OnFailureHold() bool { return in.OnFailure == OnFailureHold }

// OnFailureHold reports whether a failed step waits for an operator.
func (in UpgradeClusterInput) OnFailureHold() bool { return in.OnFailure == OnFailureHold }

// OnFailureKeep says whether a failed creation is kept for inspection.
func (in CreateClusterInput) OnFailureKeep() bool { return in.OnFailure == OnFailureKeep }

// Waiting are the waits themselves, of every input that has them.
func (w Waits) Waiting() Waits { return w }

// IsDryRun says whether only a plan is wanted.
func (w Waits) IsDryRun() bool { return w.DryRun }

// IsDryRun says whether only a plan is wanted.
func (in DeleteClusterInput) IsDryRun() bool { return in.DryRun }

// IsDryRun says whether only a plan is wanted.
func (in StopClusterInput) IsDryRun() bool { return in.DryRun }

// IsDryRun says whether only a plan is wanted.
func (in RestartClusterInput) IsDryRun() bool { return in.DryRun }

// IsDryRun says whether only a plan is wanted.
func (in RunServiceInput) IsDryRun() bool { return in.DryRun }
