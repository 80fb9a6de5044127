package reads

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"drover/activities/internal/bounds"
	"drover/activities/internal/fanout"
	"drover/activities/internal/packages"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

const (
	// previewFiles is how many changes of files a step of the answer names: the answer is stored in Temporal.
	previewFiles = 100
	// previewReasons is how many reasons for unknown files it names, and previewNodes how long a list of nodes may be, in bytes.
	previewReasons = 20
	previewNodes   = 120
	// previewBytes bounds the changed keys that are sent to every agent, well below what an agent accepts.
	previewBytes = 256 << 10
)

// PreviewFiles asks the agents which of their files an operation would replace, and which reloads would follow. Keys travel to the
// nodes alone: they may have passwords.
func (a *Activities) PreviewFiles(ctx context.Context, in api.PreviewFilesInput) (api.FilePreview, error) {
	if problems := in.Problems(); len(problems) > 0 {
		return api.FilePreview{}, fault.New(fault.Invalid, "%s", strings.Join(problems, "; "))
	}
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return api.FilePreview{}, err
	}
	if in.Upgrade != nil {
		return api.FilePreview{Steps: []api.FileStep{upgraded(rec, in.Upgrade.Version)}}, nil
	}
	revisions, err := a.revisions(ctx, rec, in)
	if err != nil {
		return api.FilePreview{}, err
	}
	before, err := metadata.Build(rec)
	if err != nil {
		return api.FilePreview{}, err
	}
	out := api.FilePreview{Steps: []api.FileStep{}}
	for _, r := range revisions {
		after, err := metadata.Build(r.record)
		if err != nil {
			return api.FilePreview{}, err
		}
		out.Steps = append(out.Steps, a.previewStep(ctx, rec, r.step, metadata.Diff(before, after)))
	}
	return out, nil
}

// revision is the control record as a step would publish it.
type revision struct {
	step   string
	record *lifecycle.Record
}

// revisions are those that an operation publishes.
func (a *Activities) revisions(ctx context.Context, rec *lifecycle.Record, in api.PreviewFilesInput) ([]revision, error) {
	after, err := rec.Clone()
	if err != nil {
		return nil, err
	}
	if in.Env != nil {
		if after.Values, after.Spec, err = packages.WithEnv(ctx, a.Apps, rec, in.Env.Values); err != nil {
			return nil, err
		}
		return []revision{{string(lifecycle.UE1), after}}, nil
	}
	view := lifecycle.ViewOf(rec, false)
	role, refusal := lifecycle.RoleToScale(view, in.Scale.Role)
	if refusal != nil {
		return nil, fault.New(fault.NotAllowed, "%s", refusal.Why).WithHint("%s", refusal.Hint)
	}
	during, err := rec.Clone()
	if err != nil {
		return nil, err
	}
	during.VerticalScaling = view.FamilyRoles(role)
	after.Resize(role, lifecycle.Size{CPU: in.Scale.CPU, Memory: in.Scale.Memory, VolumeSize: in.Scale.VolumeSize})
	if err := packages.Follow(ctx, a.Apps, after); err != nil {
		return nil, err
	}
	return []revision{{string(lifecycle.SV1), during}, {string(lifecycle.SV6), after}}, nil
}

// upgraded says of an upgrade what can be said before its images boot: there every file is rendered.
func upgraded(rec *lifecycle.Record, version string) api.FileStep {
	return api.FileStep{Step: string(lifecycle.UP2), Files: []api.FileChange{}, Unknown: unknown(map[string][]lifecycle.Node{
		"the nodes boot the image of version " + version + " and render all its files; start follows, no reload": rec.Nodes,
	})}
}

func sizeOf(r metadata.Change) int {
	n := 0
	for key, value := range r.Set {
		n += len(key) + len(value)
	}
	for _, key := range r.Delete {
		n += len(key)
	}
	return n
}

// errOldAgent is an agent without previews; it is replaced when its worker's version starts it.
var errOldAgent = errors.New("the agent is of a version without previews")

// previewStep asks all nodes at once. A node that does not respond is one whose files are unknown.
func (a *Activities) previewStep(ctx context.Context, rec *lifecycle.Record, step string, change metadata.Change) api.FileStep {
	out := api.FileStep{Step: step, Files: []api.FileChange{}}
	if change.Empty() {
		return out
	}
	var asked []lifecycle.Node
	for _, n := range rec.Nodes {
		if role, ok := rec.Spec.Role(n.Role); ok && role.AgentInstalled {
			asked = append(asked, n)
		}
	}
	large := sizeOf(change) > previewBytes
	results := fanout.Run(ctx, asked, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (agentapi.PreviewResult, error) {
		switch {
		case n.SSH.Addr == "":
			return agentapi.PreviewResult{}, errNoMachine
		case rec.PoweredOff:
			return agentapi.PreviewResult{}, errOff
		case large:
			return agentapi.PreviewResult{}, errors.New("the change has too many keys for a preview")
		}
		ctx, stop := context.WithTimeout(ctx, askAgents)
		defer stop()
		res, err := a.Agents.Preview(ctx, n, agentapi.PreviewRequest{Set: change.Set, Delete: change.Delete})
		if fault.Is(err, fault.NotFound) {
			err = errOldAgent
		}
		return res, err
	})
	files, silent := map[api.FileChange][]lifecycle.Node{}, map[string][]lifecycle.Node{}
	secrets := rec.Passwords()
	for _, r := range results {
		if r.Err != nil {
			why := bounds.Reason(r.Err)
			silent[why] = append(silent[why], r.Node)
			continue
		}
		out.More = max(out.More, r.Value.More)
		for _, f := range r.Value.Files {
			c := api.FileChange{Dest: f.Dest, New: f.New, Reload: lifecycle.RedactCut(f.Reload, secrets)}
			files[c] = append(files[c], r.Node)
		}
		for _, w := range r.Value.Warnings {
			c := api.FileChange{Dest: w.Resource, Problem: lifecycle.RedactCut(bounds.Tail(w.Message, bounds.WarningLimit), secrets)}
			files[c] = append(files[c], r.Node)
		}
	}
	for c, nodes := range files {
		c.Nodes, c.Count = labels(nodes), len(nodes)
		out.Files = append(out.Files, c)
	}
	slices.SortFunc(out.Files, func(x, y api.FileChange) int {
		return cmp.Or(cmp.Compare(x.Dest, y.Dest), cmp.Compare(x.Nodes, y.Nodes), cmp.Compare(x.Problem, y.Problem))
	})
	if over := len(out.Files) - previewFiles; over > 0 {
		out.Files, out.More = out.Files[:previewFiles], out.More+over
	}
	out.Unknown = unknown(silent)
	return out
}

func unknown(by map[string][]lifecycle.Node) []api.UnknownFiles {
	var out []api.UnknownFiles
	for why, nodes := range by {
		if len(nodes) > 0 {
			out = append(out, api.UnknownFiles{Nodes: labels(nodes), Count: len(nodes), Why: why})
		}
	}
	slices.SortFunc(out, func(x, y api.UnknownFiles) int { return strings.Compare(x.Nodes+x.Why, y.Nodes+y.Why) })
	if len(out) > previewReasons {
		rest := api.UnknownFiles{Nodes: "others", Why: "for other reasons; drover status shows them"}
		for _, u := range out[previewReasons:] {
			rest.Count += u.Count
		}
		out = append(out[:previewReasons:previewReasons], rest)
	}
	return out
}

// labels names nodes by role, "etcd_node 1-3, proxy 1", as far as there is room.
func labels(nodes []lifecycle.Node) string {
	var roles []string
	refs := map[string][]lifecycle.NodeRef{}
	for _, n := range nodes {
		if _, ok := refs[n.Role]; !ok {
			roles = append(roles, n.Role)
		}
		refs[n.Role] = append(refs[n.Role], lifecycle.NodeRef{ID: n.ID, SID: n.SID})
	}
	for i, role := range roles {
		roles[i] = strings.TrimSpace(cmp.Or(role, "node") + " " + lifecycle.SIDs(refs[role]))
	}
	text := strings.Join(roles, ", ")
	if len(text) > previewNodes {
		text = strings.ToValidUTF8(text[:previewNodes], "") + "..."
	}
	return text
}
