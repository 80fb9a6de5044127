package chaos

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drover/activities"
	"drover/providers"
	"drover/workflows/api"
)

// cluster is a cluster during its life.
type cluster struct {
	id    string
	app   string // Fail only
	world *World
	gates *gates
	view  api.ClusterView // after the last operation
	level int             // of env.level
	done  func()          // removes its gates
}

func (w *World) newCluster() (*cluster, error) {
	c := &cluster{id: "cl-" + activities.RandomID(), world: w}
	kept := filepath.Join(w.Dir, "kept", c.id)
	if err := os.MkdirAll(kept, 0o700); err != nil {
		return nil, err
	}
	c.gates = newGates(w.machines, c.id, w.stack.StateDir, kept)
	c.gates.decides(func(string, string) (int, bool) { return 0, true })
	w.mu.Lock()
	w.gates[c.id] = c.gates
	w.mu.Unlock()
	c.done = func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.gates, c.id)
	}
	return c, nil
}

// newest are the ids of the node with the highest sid.
func (c *cluster) newest() []string {
	last := slices.MaxFunc(c.view.Nodes, func(a, b api.NodeView) int { return a.SID - b.SID })
	return []string{last.NodeID}
}

// look reads the cluster with the view of operators.
func (c *cluster) look(ctx context.Context) error {
	return c.world.execute(ctx, "read/"+activities.RandomID(), api.DescribeCluster, api.DescribeClusterInput{ClusterID: c.id}, &c.view)
}

// keys are all keys in Consul whose name contains the cluster's id.
func (w *World) keys(ctx context.Context, clusterID string) (map[string]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.stack.ConsulURL+"/v1/kv/drover?recurse", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var pairs []struct{ Key, Value string }
	if err := json.Unmarshal(body, &pairs); err != nil {
		return nil, fmt.Errorf("consul answers %s: %s", res.Status, body)
	}
	keys := map[string]string{}
	for _, p := range pairs {
		if strings.Contains(p.Key, clusterID) {
			value, _ := base64.StdEncoding.DecodeString(p.Value)
			keys[p.Key] = string(value)
		}
	}
	return keys, nil
}

// temporary returns folders and keys that only a running operation may have.
var temporary = []string{"/adding-hosts", "/deleting-hosts", "/vertical-scaling-roles"}

func temporaries(keys map[string]string) (wrong []string) {
	for key := range keys {
		for _, folder := range temporary {
			if strings.Contains(key, "/self"+folder) {
				wrong = append(wrong, "left behind: key "+key)
			}
		}
	}
	return wrong
}

// problems compares the actual state with the expected one after an operation.
func (c *cluster) problems(ctx context.Context, o operation) (wrong []string, err error) {
	all, err := c.world.machines.List(ctx, c.id)
	if err != nil {
		return nil, err
	}
	keys, err := c.world.keys(ctx, c.id)
	if err != nil {
		return nil, err
	}
	if n := len(all.Instances); n != o.nodes {
		wrong = append(wrong, fmt.Sprintf("there are %d machines; want %d", n, o.nodes))
	}
	if n := len(all.Volumes); n != o.nodes {
		wrong = append(wrong, fmt.Sprintf("there are %d volumes; want %d", n, o.nodes))
	}
	if o.state == "" {
		if len(keys)+len(all.Networks) > 0 {
			wrong = append(wrong, fmt.Sprintf("left behind: keys %v, networks %v", keys, all.Networks))
		}
		// A world has one cluster at a time.
		more, err := c.world.machines.Leftovers(ctx)
		for _, what := range more {
			wrong = append(wrong, "left behind: "+what)
		}
		return wrong, err
	}
	more, err := c.strays(ctx, all)
	wrong = append(wrong, more...)
	if err != nil {
		return wrong, err
	}
	for _, i := range all.Instances {
		want := providers.Running
		if o.state == "stopped" {
			want = providers.Off
		}
		if i.State != want {
			wrong = append(wrong, fmt.Sprintf("machine %s is %s; want %s", i.ID, i.State, want))
		}
	}
	wrong = append(wrong, temporaries(keys)...)
	// Nodes that stay keep their volumes: the links lead to the same files.
	for _, v := range all.Volumes {
		now, err := os.Stat(c.gates.logOf(v.ID))
		was, keptErr := os.Stat(c.gates.keptFile(v.ID))
		if err != nil || keptErr != nil || !os.SameFile(now, was) {
			wrong = append(wrong, fmt.Sprintf("volume %s is not the same as before (%v, %v)", v.ID, err, keptErr))
		}
	}
	if err := c.look(ctx); err != nil {
		return wrong, err
	}
	if c.view.State != o.state {
		wrong = append(wrong, fmt.Sprintf("the cluster is %s (%s); want %s", c.view.State, c.view.Reason, o.state))
	}
	return wrong, nil
}

// expand reads a list of sids: "1-3,7".
func expand(sids string) (all []int, err error) {
	for part := range strings.SplitSeq(sids, ",") {
		from, to, many := strings.Cut(part, "-")
		if !many {
			to = from
		}
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil {
			return nil, fmt.Errorf("%q is not a list of sids", sids)
		}
		for sid := a; sid <= b; sid++ {
			all = append(all, sid)
		}
	}
	return all, nil
}

// changes are the machines, volumes and networks that an undo did not restore.
func changes(before, after providers.Resources) (wrong []string) {
	was, is := described(before), described(after)
	for _, what := range was {
		if !slices.Contains(is, what) {
			wrong = append(wrong, "before and not after the undo: "+what)
		}
	}
	for _, what := range is {
		if !slices.Contains(was, what) {
			wrong = append(wrong, "after the undo and not before: "+what)
		}
	}
	return wrong
}

func described(all providers.Resources) (each []string) {
	for _, i := range all.Instances {
		each = append(each, fmt.Sprintf("%+v", i))
	}
	for _, v := range all.Volumes {
		each = append(each, fmt.Sprintf("%+v", v))
	}
	for _, n := range all.Networks {
		each = append(each, fmt.Sprintf("%+v", n))
	}
	return each
}
