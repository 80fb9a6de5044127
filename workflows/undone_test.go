package workflows_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metadata"
	"drover/workflows/api"
)

// What of a cluster an operation that is undone could leave changed.
const (
	where = "machines" // which nodes have machines and volumes, what those boot, where they are, whether they run
	sizes = "sizes"    // of machines and volumes, and what metadata says of them
	tree  = "metadata" // everything else nodes can see
)

// condition is a cluster as its provider and its nodes see it, by aspect. Machines are named by their nodes: a node may
// get another machine on its way there and back.
type condition map[string][]string

// digest of one aspect: equal digests, equal aspects.
func (c condition) digest(aspect string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(c[aspect], "\n"))))
}

func (w *world) condition() condition {
	w.t.Helper()
	c := condition{}
	add := func(aspect, format string, args ...any) { c[aspect] = append(c[aspect], fmt.Sprintf(format, args...)) }
	have, err := w.provider.List(w.t.Context(), clusterID)
	require.NoError(w.t, err)
	for _, n := range have.Networks {
		add(where, "network %q", n.VxNet)
	}
	for _, i := range have.Instances {
		add(where, "%s: image %s, %s, %s", i.Tags.NodeID, i.Image, i.IP, i.State)
		add(sizes, "%s: %+v", i.Tags.NodeID, i.Size)
	}
	for _, v := range have.Volumes {
		add(where, "%s: volume %s, attached %t", v.Tags.NodeID, v.ID, v.InUseBy != "")
		add(sizes, "%s: %d GiB", v.ID, v.SizeGiB)
	}
	published, _ := w.store.Tree(clusterID)
	for key, value := range byNode(published.Tree) {
		aspect := tree
		for _, field := range []string{"/cpu", "/memory", "/volume_size"} {
			if strings.HasSuffix(key, field) {
				aspect = sizes
			}
		}
		add(aspect, "%s = %s", key, value)
	}
	for _, lines := range c {
		slices.Sort(lines)
	}
	return c
}

// byNode is a tree in which instance ids are replaced by node ids.
func byNode(t metadata.Tree) metadata.Tree {
	var names []string
	for key, node := range t {
		if dir, ok := strings.CutSuffix(key, "/node_id"); ok {
			names = append(names, t[dir+"/instance_id"], node)
		}
	}
	replacer := strings.NewReplacer(names...)
	out := metadata.Tree{}
	for key, value := range t {
		out[replacer.Replace(key)] = replacer.Replace(value)
	}
	return out
}

// staying declares what an operation leaves changed when it fails or is cancelled at one of the steps, or after them, as
// docs/lifecycle.md says. Nothing else may be.
type staying struct {
	scenario string
	from     string // step id
	aspects  []string
	says     string // docs/lifecycle.md, or a decision, in short
}

var whatStays = []staying{
	{"delete", "DC8", []string{where, sizes, tree}, "DC8: the point of no return"},
	{"delete while stopped", "DC1", []string{where}, "DC1: the nodes run, so that their commands can"},
	{"delete while stopped", "DC8", []string{where, sizes, tree}, "DC8: the point of no return"},
	{"delete and keep", "DC8", []string{where}, "DC8: the point of no return; with keep the machines are off"},
	{"recover", "RC2", []string{where, tree}, "RC2: the cluster has left the recycle bin"},
	{"cease", "CE1", []string{where, sizes, tree}, "CE1: the point of no return"},
	{"add nodes", "AN6", []string{where, sizes, tree}, "AddNodes: from AN6 on they may hold data and stay"},
	{"delete nodes", "DN10", []string{where, sizes, tree}, "DN10: the point of no return"},
	{"scale at once", "SV4", []string{sizes}, "ScaleVertical: nodes that are done keep the new size; volumes never shrink"},
	{"scale one after the other", "SV4", []string{sizes}, "ScaleVertical: nodes that are done keep the new size"},
	{"grow online", "SV2", []string{sizes}, "SV2: volumes never shrink"},
	{"upgrade", "UP1", []string{where, tree}, "UP5: any failure leaves upgrade_failed; the way back is a downgrade"},
	{"upgrade or roll back", "UP5", []string{where, tree}, "UP5: the way back is given up"},
	{"downgrade", "UP5b", []string{where, tree}, "a downgrade that fails is run again"},
	{"stop", "SP2", []string{where}, "StopCluster: what is off stays off"},
	{"start", "ST1", []string{where}, "StartCluster: machines that run stay on"},
	{"verify a backup", "VB8", []string{where, sizes, tree}, "VB8: the point of no return"},
	{"update env", "UE1", []string{tree}, "UE1: values that are visible stay"},
}

// mayStay says whether an aspect may differ once the run has come to where it did.
func (s scenario) mayStay(aspect string, reached []string) bool {
	return slices.ContainsFunc(whatStays, func(d staying) bool {
		return d.scenario == s.name && slices.Contains(d.aspects, aspect) && slices.Contains(reached, d.from)
	})
}

// requireUndone: what a failed operation left is what there was before, but for what is declared to stay.
func (s scenario) requireUndone(t *testing.T, r *run, before, after condition) {
	t.Helper()
	var reached []string
	for _, step := range r.progress().Steps {
		if step.State != api.StepPending && step.State != api.StepSkipped {
			reached = append(reached, step.ID)
		}
	}
	for _, aspect := range []string{where, sizes, tree} {
		if before.digest(aspect) != after.digest(aspect) && !s.mayStay(aspect, reached) {
			require.Equal(t, before[aspect], after[aspect], "%s after steps %v", aspect, reached)
		}
	}
}

// Every declaration is about an operation that exists, and says something.
func TestWhatStaysIsDeclared(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range scenarios {
		names[s.name] = true
	}
	for _, d := range whatStays {
		require.True(t, names[d.scenario], d.scenario)
		require.NotEmpty(t, d.says)
		require.NotEmpty(t, d.aspects)
	}
}
