package endtoend

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"drover/fault"
	"drover/metadata/reader"
	"drover/workflows/api"
)

// Secrets a user types, as values of parameters the package calls passwords.
const (
	firstPassword  = `Typed-"Secret-42`
	secondPassword = "Changed-Secret-43"
	paramPassword  = "Param-Secret-44"
	leakService    = "print-everything"
)

// One stack, because each costs seconds: first without a payload key and through every operation, then with one.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	app := g.publish()
	watch := newProcessWatch()
	for name, word := range map[string]string{"the password": firstPassword, "the changed password": secondPassword, "the default password": defaultPassword} {
		watch.add(&watch.arguments, name, word)
	}
	watch.add(&watch.own, "the parameter", paramPassword) // the package's command gets it as its argument
	watch.add(&watch.arguments, "the worker's token", g.workerToken)
	watch.add(&watch.environment, "the worker's token", g.workerToken)
	stop := watch.run(t)

	g.withoutKey(app, watch)
	g.withKey(app)

	require.Empty(t, stop())
	require.Positive(t, watch.passes)
}

// withoutKey: what Drover makes itself is never in the clear. What a user typed is in the input of the operation he
// started, and what activities are given of it, and nowhere else.
func (g *guarded) withoutKey(app string, watch *processWatch) {
	t := g.t
	base, id := newID(), newID()
	first := map[string]any{"env.password": firstPassword}
	g.drover(map[string]any{"env.password": firstPassword, "cluster.count": 1}, "create", app, "--version", "1", "--id", base, "--values", "-").OK(t)
	first["cluster.upstream"] = base
	g.drover(first, "create", app, "--version", "1", "--id", id, "--values", "-").OK(t)
	g.accessOf(base, id)

	made := g.made(base, id)
	for name, word := range made {
		watch.add(&watch.arguments, name, word)
	}
	g.drover(nil, "add-nodes", id, "--role", "a", "--count", "1").OK(t)
	g.drover(nil, "scale", id, "--role", "a", "--memory", "300").OK(t)
	g.drover(map[string]any{"env.password": secondPassword}, "env", "set", id, "--values", "-").OK(t)
	g.leaks(id)
	all := map[string]string{"the password": firstPassword, "the changed password": secondPassword, "the parameter": paramPassword}
	for name, word := range g.made(base, id) {
		made[name], all[name] = word, word // also of the node that was added
	}
	g.agentLogs(id, all) // which go with the machines, at the upgrade
	g.lostToken(id)
	g.drover(nil, "upgrade", id, "--to", "2").OK(t)
	g.drover(nil, "stop", id).OK(t)
	g.drover(nil, "start", id).OK(t)
	rec := g.record(id)
	g.drover(nil, "delete-nodes", id, rec.Nodes[2].ID, "--yes").OK(t)
	g.drover(nil, "plan", "delete", id)
	g.drover(nil, "status", id)
	g.drover(nil, "doctor", id).OK(t)
	writeFile(t, g.volumes(id)[0]+"/bad", "")
	require.Equal(t, 1, g.drover(nil, "restart", id).Code)
	removeFile(t, g.volumes(id)[0]+"/bad")
	g.drover(nil, "start", id).OK(t)

	for name, word := range g.made(base, id) {
		made[name], all[name] = word, word // upgrade and start ask nodes again
	}
	g.filesOf(id, all)
	token := g.record(id).ConsulToken
	g.drover(nil, "delete", id, "--yes").OK(t)
	require.Error(t, g.reads(token, id), "revoked with the cluster")
	g.drover(nil, "delete", base, "--yes").OK(t)
	g.nothingGranted()

	for workflow, events := range g.histories() {
		require.NotEmpty(t, events)
		for _, event := range events {
			text := clearText(t, event)
			for name, word := range made {
				require.NotContains(t, text, word, "%s is in %s of %s", name, event.EventType, workflow)
			}
			switch event.EventType {
			case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				continue // the input, and what activities are given of it
			case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
				if strings.Contains(text, `"params"`) {
					continue // BeginOperation gives each role's parameters
				}
			}
			for name, word := range all {
				require.NotContains(t, text, word, "%s is in %s of %s", name, event.EventType, workflow)
			}
		}
	}
	g.saidNothing(all)
}

// made are the secrets Drover and the packages made by themselves.
func (g *guarded) made(ids ...string) map[string]string {
	out := map[string]string{"the default password": defaultPassword, "the worker's token": g.workerToken}
	for _, id := range ids {
		rec := g.record(id)
		require.NotEmpty(g.t, rec.ConsulToken)
		out["the token of "+id] = rec.ConsulToken
		for _, n := range rec.Nodes {
			require.NotEmpty(g.t, n.PrivateKey)
			require.Greater(g.t, len(n.Token), 20)
			out["what "+n.ID+" exposes"] = n.Token
			lines := strings.Split(n.PrivateKey, "\n")
			out["the private key of "+n.ID] = lines[len(lines)/2]
		}
	}
	return out
}

// leaks runs a service that prints every secret there is, and fails. While it runs, its last line is progress.
func (g *guarded) leaks(id string) {
	t := g.t
	g.drover(map[string]any{"pass": paramPassword}, "run", id, leakService, "--params-file", "-", "--no-wait").OK(t)
	eventually(t, "the service runs", func() bool { return g.count(id, "running") == 3 })
	eventually(t, "progress shows the last line", func() bool {
		return strings.Contains(g.drover(nil, "status", id).Stdout, "token=******")
	})
	for _, dir := range g.volumes(id) {
		writeFile(t, filepath.Join(dir, "go"), "")
	}
	failed := g.drover(nil, "watch", id)
	require.Equal(t, 1, failed.Code)
	require.Contains(t, failed.Stdout+failed.Stderr, "exit code 7")
	require.Contains(t, failed.Stdout+failed.Stderr, "******", "it did print them")
	for _, dir := range g.volumes(id) {
		removeFile(t, filepath.Join(dir, "go"))
		removeFile(t, filepath.Join(dir, "running"))
	}
}

func (g *guarded) volumes(id string) (out []string) {
	dirs, err := filepath.Glob(filepath.Join(g.StateDir, "volumes", "*"))
	require.NoError(g.t, err)
	for _, dir := range dirs {
		if meta, err := os.ReadFile(filepath.Join(dir, "meta.json")); err == nil && strings.Contains(string(meta), id) {
			out = append(out, filepath.Join(dir, "data"))
		}
	}
	return out
}

func (g *guarded) count(id, file string) (n int) {
	for _, dir := range g.volumes(id) {
		if exists(filepath.Join(dir, file)) {
			n++
		}
	}
	return n
}

// reads reads a cluster's metadata with a node's token.
func (g *guarded) reads(token, id string) error {
	_, err := reader.New(reader.Options{Addr: g.ConsulURL, Token: token}).Snapshot(g.t.Context(), id)
	return err
}

// accessOf: nodes run with their cluster's token, which reads the own tree and the linked one, not that of who links here.
func (g *guarded) accessOf(base, id string) {
	t := g.t
	for _, cluster := range []string{base, id} {
		rec := g.record(cluster)
		for _, n := range rec.Nodes {
			settings := filepath.Join(g.rootOf(n.InstanceID), "etc/drover/agent.json")
			data, err := os.ReadFile(settings)
			require.NoError(t, err)
			require.Contains(t, string(data), rec.ConsulToken)
			info, err := os.Stat(settings)
			require.NoError(t, err)
			require.EqualValues(t, 0o600, info.Mode().Perm())
		}
		require.NoError(t, g.reads(rec.ConsulToken, cluster))
	}
	require.NoError(t, g.reads(g.record(id).ConsulToken, base), "linked")
	refused := g.reads(g.record(base).ConsulToken, id)
	require.Truef(t, fault.Is(refused, fault.Unauthorized), "%v", refused)
}

// lostToken: what a user deleted in Consul is named by doctor, and the next operation makes it again, for nodes that
// know it already.
func (g *guarded) lostToken(id string) {
	t := g.t
	rec := g.record(id)
	node, _, err := g.consul.ACL().TokenList(nil)
	require.NoError(t, err)
	for _, token := range node {
		if token.SecretID == rec.ConsulToken {
			_, err := g.consul.ACL().TokenDelete(token.AccessorID, nil)
			require.NoError(t, err)
		}
	}
	require.Error(t, g.reads(rec.ConsulToken, id))
	found := g.drover(nil, "doctor", id)
	require.Equal(t, 1, found.Code, found.Stdout)
	require.Contains(t, found.Stdout, "is missing in Consul")
	g.drover(map[string]any{"env.password": secondPassword + "!"}, "env", "set", id, "--values", "-").OK(t)
	require.Equal(t, rec.ConsulToken, g.record(id).ConsulToken)
	require.NoError(t, g.reads(rec.ConsulToken, id))
}

// nothingGranted asserts that Consul has no policy and no token of a cluster.
func (g *guarded) nothingGranted() {
	t := g.t
	policies, _, err := g.consul.ACL().PolicyList(nil)
	require.NoError(t, err)
	for _, p := range policies {
		require.NotContains(t, p.Name, "drover-cl-")
	}
	tokens, _, err := g.consul.ACL().TokenList(nil)
	require.NoError(t, err)
	for _, token := range tokens {
		require.NotContains(t, token.Description, "Drover's cluster")
	}
}

// filesOf: neither on the worker's machine nor on the nodes can others open a file with a secret.
func (g *guarded) filesOf(id string, words map[string]string) {
	t := g.t
	require.Empty(t, readable(t, words, g.Dir))
	for _, n := range g.record(id).Nodes {
		root := g.rootOf(n.InstanceID)
		var folders []string
		for _, folder := range []string{"etc", "opt", "root", "run", "tmp", "var/lib/drover", "var/log", "data"} {
			folders = append(folders, filepath.Join(root, folder))
		}
		require.Empty(t, readable(t, words, folders...))
	}
	g.agentLogs(id, words)
}

// agentLogs: agents of nodes wrote down no secret.
func (g *guarded) agentLogs(id string, words map[string]string) {
	for _, n := range g.record(id).Nodes {
		log, err := os.ReadFile(filepath.Join(g.rootOf(n.InstanceID), "var/log/drover/agent.log"))
		require.NoError(g.t, err)
		require.Contains(g.t, string(log), "revision applied")
		for name, word := range words {
			require.NotContains(g.t, string(log), word, "%s is in the agent's log", name)
		}
	}
}

// saidNothing: neither the CLI nor the servers wrote a secret down.
func (g *guarded) saidNothing(words map[string]string) {
	t := g.t
	texts := map[string]string{"what drover said": g.said.String()}
	for _, server := range []string{"drover-worker", "temporal", "consul"} {
		log, err := os.ReadFile(g.LogFile(server))
		require.NoError(t, err)
		texts["the log of "+server] = string(log)
	}
	for where, text := range texts {
		for name, word := range words {
			require.NotContains(t, text, word, "%s is in %s", name, where)
		}
	}
}

// histories are all Temporal has of all workflows.
func (g *guarded) histories() map[string][]*historypb.HistoryEvent {
	t := g.t
	c, err := client.DialContext(t.Context(), client.Options{HostPort: g.TemporalAddress})
	require.NoError(t, err)
	defer c.Close()
	out := map[string][]*historypb.HistoryEvent{}
	var page []byte
	for {
		list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{NextPageToken: page})
		require.NoError(t, err)
		for _, w := range list.Executions {
			name := fmt.Sprintf("%s %s %s", w.Type.Name, w.Execution.WorkflowId, w.Execution.RunId)
			events := c.GetWorkflowHistory(t.Context(), w.Execution.WorkflowId, w.Execution.RunId, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for events.HasNext() {
				event, err := events.Next()
				require.NoError(t, err)
				out[name] = append(out[name], event)
			}
		}
		if page = list.NextPageToken; len(page) == 0 {
			return out
		}
	}
}

// clearText is an event as JSON, and decoded.
func clearText(t *testing.T, event *historypb.HistoryEvent) string {
	t.Helper()
	data, err := protojson.Marshal(event)
	require.NoError(t, err)
	return decoded(string(data))
}

// decoded is JSON and, behind it, whatever of it is base64; and all of it again without the quoting of JSON within JSON.
func decoded(all string) string {
	for _, word := range strings.FieldsFunc(all, func(r rune) bool { return r == '"' }) {
		if clear, err := base64.StdEncoding.DecodeString(word); err == nil {
			all += string(clear)
		}
	}
	return all + strings.ReplaceAll(all, `\`, "")
}

// withKey: with a payload key at worker and CLI, Temporal stores nothing in the clear. Who has no key is told so.
func (g *guarded) withKey(app string) {
	t := g.t
	key := filepath.Join(g.dir, "payload.key")
	g.drover(nil, "keygen", key).OK(t)
	g.key = key
	refused := g.drover(nil, "list")
	require.Equal(t, 4, refused.Code)
	require.Contains(t, refused.Stderr, "the workers have no payload key")
	require.NoError(t, g.StopWorker())
	g.startWorker()
	started := time.Now()

	id := newID()
	g.drover(map[string]any{"env.password": firstPassword}, "create", app, "--version", "1", "--id", id, "--values", "-").OK(t)
	require.Contains(t, g.drover(nil, "status", id).OK(t).Stdout, "active")
	g.drover(nil, "run", id, "waits", "--no-wait").OK(t)
	eventually(t, "the service runs", func() bool { return g.count(id, "running") == 2 })

	g.key = ""
	blind := g.drover(nil, "status", id)
	require.Equal(t, 4, blind.Code, blind.Stderr)
	require.Contains(t, blind.Stderr, "no key is configured")
	require.NoError(t, g.KillWorker())
	g.startWorker()
	g.key = key
	eventually(t, "the worker says that it has no key", func() bool {
		return strings.Contains(g.log("drover-worker"), "but no key is configured")
	})
	require.NoError(t, g.StopWorker())
	g.startWorker()
	for _, dir := range g.volumes(id) {
		writeFile(t, filepath.Join(dir, "go"), "")
	}
	g.drover(nil, "watch", id).OK(t)
	for _, dir := range g.volumes(id) {
		removeFile(t, filepath.Join(dir, "go"))
		removeFile(t, filepath.Join(dir, "running"))
	}
	g.drover(map[string]any{"pass": paramPassword}, "run", id, leakService, "--params-file", "-", "--no-wait").OK(t)
	for _, dir := range g.volumes(id) {
		writeFile(t, filepath.Join(dir, "go"), "")
	}
	failed := g.drover(nil, "watch", id)
	require.Equal(t, 1, failed.Code)
	require.Contains(t, failed.Stdout+failed.Stderr, "exit code 7", "who holds the key is told why")
	g.codecServer(id)
	words := g.made(id)
	g.drover(nil, "delete", id, "--yes").OK(t)

	words["the password"], words["the parameter"] = firstPassword, paramPassword
	words["a name of a parameter"], words["an output"], words["a name of a service"] = "env.password", "exit code 7", leakService
	sealed := 0
	for workflow, events := range g.histories() {
		if events[0].EventTime.AsTime().Before(started) {
			continue
		}
		for _, event := range events {
			text := clearText(t, event)
			sealed += strings.Count(text, "binary/encrypted")
			for name, word := range words {
				require.NotContains(t, text, word, "%s is in %s of %s", name, event.EventType, workflow)
			}
		}
	}
	require.Greater(t, sealed, 50)
	for _, name := range []string{"a name of a parameter", "an output", "a name of a service"} {
		delete(words, name) // people are told these
	}
	text, err := os.ReadFile(key)
	require.NoError(t, err)
	lines := strings.Fields(string(text))
	words["the payload key"] = lines[len(lines)-1]
	g.saidNothing(words)
}

func (g *guarded) log(server string) string {
	text, err := os.ReadFile(g.LogFile(server))
	require.NoError(g.t, err)
	return string(text)
}

// codecServer lets Temporal's own CLI read what is encrypted.
func (g *guarded) codecServer(id string) {
	t := g.t
	serve := exec.CommandContext(t.Context(), g.Binary("drover"), "codec-server", "--listen", "127.0.0.1:0", "--payload-key", g.key)
	says, err := serve.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, serve.Start())
	defer func() {
		require.NoError(t, serve.Process.Signal(os.Interrupt))
		require.NoError(t, serve.Wait())
	}()
	line, err := bufio.NewReader(says).ReadString('\n')
	require.NoError(t, err)
	_, rest, found := strings.Cut(line, "http://")
	require.True(t, found, line)
	address, _, _ := strings.Cut(rest, ";")
	temporal, err := g.Tool(t.Context(), "temporal")
	require.NoError(t, err)
	show := func(extra ...string) string {
		args := []string{"workflow", "show", "-w", api.WorkflowID(id), "--address", g.TemporalAddress, "-o", "json"}
		out, err := exec.CommandContext(t.Context(), temporal, append(args, extra...)...).CombinedOutput()
		require.NoError(t, err, string(out))
		return decoded(string(out))
	}
	require.NotContains(t, show(), "exit code 7")
	require.Contains(t, show("--codec-endpoint", "http://"+address), "exit code 7")
}
