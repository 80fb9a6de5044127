package trial

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/client"
	"drover/specs"
	"drover/workflows/api"
)

// Names of steps, which are those of the author's checks too.
const (
	StepCreate      = "create"
	StepAddNodes    = "add-nodes"
	StepDeleteNodes = "delete-nodes"
	StepScale       = "scale"
	StepRun         = "run"
	StepRestart     = "restart"
	StepStop        = "stop"
	StepStart       = "start"
	StepUpgrade     = "upgrade"
	StepDelete      = "delete"
)

// Steps in the order of a life.
var Steps = []string{
	StepCreate, StepAddNodes, StepDeleteNodes, StepScale, StepRun, StepRestart, StepStop, StepStart, StepUpgrade, StepDelete,
}

// Step is an operation of the test and how it went.
type Step struct {
	Name string `json:"name"`
	// What it does, in words; Role is the one it is about.
	What  string `json:"what,omitempty"`
	Role  string `json:"role,omitempty"`
	State string `json:"state"` // passed, failed or skipped
	// Why it was skipped, or failed.
	Why    string  `json:"why,omitempty"`
	TookMS int64   `json:"took_ms"`
	Checks []Check `json:"checks,omitempty"`
}

// States of steps.
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped"
)

// plan is a step that is to be made. An operation that cannot be asked for has a reason in place of a request.
type plan struct {
	Step
	request func(ctx context.Context) (*client.Request, string)
}

// plans are the steps of a life, with one of each kind for every role it is about.
func (l *Life) plans() []plan {
	out := []plan{l.create()}
	var grow, scale []plan
	for _, r := range l.spec.Roles {
		if r.ReplicaOf != "" {
			continue
		}
		grow = append(grow, l.addNodes(r), l.deleteNodes(r))
		scale = append(scale, l.scale(r))
	}
	out = append(append(out, grow...), scale...)
	for _, service := range l.Run {
		out = append(out, l.operation(StepRun, "run "+service, api.RunService, api.RunServiceInput{Service: service}))
	}
	if slices.ContainsFunc(l.spec.Roles, func(r specs.Role) bool { return r.Services["restart"].Cmd != "" }) {
		out = append(out, l.operation(StepRestart, "restart", api.RestartCluster, api.RestartClusterInput{}))
	}
	out = append(out,
		l.operation(StepStop, "stop", api.StopCluster, api.StopClusterInput{}),
		l.operation(StepStart, "start", api.StartCluster, api.StartClusterInput{}),
		l.operation(StepUpgrade, "upgrade to the same package, published as another version", api.UpgradeCluster, api.UpgradeClusterInput{Version: secondVersion}),
	)
	if last := slices.Index(Steps, l.Until); last >= 0 {
		out = slices.DeleteFunc(out, func(p plan) bool { return slices.Index(Steps, p.Name) > last })
	}
	return append(out, l.operation(StepDelete, "delete", api.DeleteCluster, api.DeleteClusterInput{}))
}

func (l *Life) operation(name, what, operation string, input any) plan {
	return plan{Step: Step{Name: name, What: what}, request: func(context.Context) (*client.Request, string) {
		return &client.Request{Operation: operation, ClusterID: l.ClusterID, App: appID, Summary: what, Input: input, By: l.By}, ""
	}}
}

func (l *Life) create() plan {
	nodes := 0
	for _, r := range l.spec.Roles {
		nodes += r.Count
	}
	return l.operation(StepCreate, fmt.Sprintf("create a cluster of %d nodes", nodes), api.CreateCluster,
		api.CreateClusterInput{App: appID, Version: firstVersion, Values: l.Values})
}

// addNodes adds a node, or as many as config.json asks for: ensembles of odd numbers grow by two.
func (l *Life) addNodes(r specs.Role) plan {
	count, what := 1, "add a node"
	if setting := l.setting(r, specs.ItemCount); setting != nil {
		count = max(count, larger(setting.Form, r.Count)-r.Count)
	}
	if count > 1 {
		what = fmt.Sprintf("add %d nodes", count)
	}
	p := l.operation(StepAddNodes, what+of(r), api.AddNodes, api.AddNodesInput{Role: r.Name, Count: count})
	p.Role = r.Name
	if !l.may(r, "scale_horizontal", "add_nodes") {
		return skipped(p, "advanced_actions of the package have no scale_horizontal")
	}
	return p
}

// deleteNodes deletes the nodes that were added before.
func (l *Life) deleteNodes(r specs.Role) plan {
	p := plan{Step: Step{Name: StepDeleteNodes, What: "delete what was added" + of(r), Role: r.Name}}
	if !l.may(r, "scale_horizontal") {
		return skipped(p, "advanced_actions of the package have no scale_horizontal")
	}
	p.request = func(context.Context) (*client.Request, string) {
		if len(l.added) == 0 {
			return nil, "no node was added"
		}
		in := api.DeleteNodesInput{Nodes: l.added}
		return &client.Request{Operation: api.DeleteNodes, ClusterID: l.ClusterID, App: appID, Summary: p.What, Input: in, By: l.By}, ""
	}
	return p
}

// may says whether users may do one of these to a role.
func (l *Life) may(r specs.Role, actions ...string) bool {
	list := l.spec.AdvancedActions
	if r.AdvancedActions != nil {
		list = r.AdvancedActions
	}
	return slices.ContainsFunc(actions, func(a string) bool { return slices.Contains(list, a) })
}

func of(r specs.Role) string {
	if r.Name == "" {
		return ""
	}
	return " of " + r.Name
}

func skipped(p plan, why string) plan {
	p.request = func(context.Context) (*client.Request, string) { return nil, why }
	return p
}

// scale gives the nodes of a role the next larger size that config.json allows.
func (l *Life) scale(r specs.Role) plan {
	p := plan{Step: Step{Name: StepScale, What: "scale" + of(r), Role: r.Name}}
	in := api.ScaleVerticalInput{Role: r.Name}
	volume := 0
	if r.Volume != nil {
		volume = r.Volume.Size
	}
	for _, size := range []struct {
		item string
		now  int
		unit string
		to   *int
	}{
		{specs.ItemMemory, r.Memory, "MiB memory", &in.Memory}, {specs.ItemCPU, r.CPU, "cores", &in.CPU},
		{specs.ItemVolumeSize, volume, "GiB volume", &in.VolumeSize},
	} {
		setting := l.setting(r, size.item)
		if setting == nil || size.now == 0 {
			continue
		}
		if *size.to = larger(setting.Form, size.now); *size.to != 0 {
			p.What += fmt.Sprintf(" to %d %s", *size.to, size.unit)
			p.request = func(context.Context) (*client.Request, string) {
				return &client.Request{Operation: api.ScaleVertical, ClusterID: l.ClusterID, App: appID, Summary: p.What, Input: in, By: l.By}, ""
			}
			return p
		}
	}
	return skipped(p, "config.json allows no larger size")
}

// setting is the one that an item of a role comes from, nil if none.
func (l *Life) setting(r specs.Role, item string) *api.Setting {
	for i, s := range l.settings {
		if s.Path == r.Items[item] {
			return &l.settings[i]
		}
	}
	return nil
}

// larger is the next value that a setting allows; 0 when there is none.
func larger(f *api.Form, now int) int {
	if f == nil {
		return 0
	}
	best := 0
	for _, text := range f.Range {
		if n, err := strconv.Atoi(text); err == nil && n > now && (best == 0 || n < best) {
			best = n
		}
	}
	if len(f.Range) > 0 {
		return best
	}
	step, limit := 1, 0
	if n, err := strconv.Atoi(f.Step); err == nil && n > 0 {
		step = n
	}
	if n, err := strconv.Atoi(f.Max); err == nil {
		limit = n
	}
	if limit != 0 && now+step > limit {
		return 0
	}
	return now + step
}

// nodesOf are the nodes for the author's checks: role/sid=address.
func nodesOf(c *api.ClusterView) (labels, addresses string) {
	var pairs, all []string
	for _, n := range c.Nodes {
		pairs, all = append(pairs, n.Label()+"="+n.IP), append(all, n.IP)
	}
	return strings.Join(pairs, " "), strings.Join(all, " ")
}
