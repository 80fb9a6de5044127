package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	consul "github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/lifecycle"
	"drover/metadata/store"
	"drover/tests/apps"
	"drover/tests/apps/builder"
	"drover/tests/stack"
)

// guarded is a stack of a test's own whose Consul refuses what no policy allows; its worker has the token that
// docs/security.md describes. It remembers all the CLI said.
type guarded struct {
	*stack.Stack
	t           *testing.T
	consul      *consul.Client // may do everything
	workerToken string
	key         string // file with the payload key, "" for none
	dir         string

	mu   sync.Mutex
	said strings.Builder
}

// settings render what a node was given as a secret; the reload prints it and fails.
const settings = `[template]
src = "secret.tmpl"
dest = "/etc/app/secret"
mode = "0600"
keys = ["/env", "/hosts"]
reload_cmd = "cat /etc/app/secret; exit 3"
`

const secretTemplate = `password={{getv "/env/password"}}
given={{getv "/env/given"}}
{{range gets "/hosts/*/*/token"}}token={{.Value}}
{{end}}`

func startGuarded(t *testing.T) *guarded {
	t.Helper()
	dir, err := os.MkdirTemp("", "drover-guarded-") // sockets below need short paths
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	image := filepath.Join(dir, "images", "sealed")
	for path, text := range map[string]string{"conf.d/secret.toml": settings, "templates/secret.tmpl": secretTemplate} {
		path = filepath.Join(image, "etc", "confd", path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		writeFile(t, path, text)
	}
	g := &guarded{t: t, dir: dir}
	token := uuid.NewString()
	g.Stack, err = stack.Start(t.Context(), stack.Options{
		Dir: filepath.Join(dir, "stack"), Root: servers.Root, Bin: servers.Bin, Images: filepath.Join(dir, "images"),
		ConsulToken: token, Range: stack.Range(1), DieWithParent: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Stop()) })
	g.consul, err = consul.NewClient(&consul.Config{Address: g.ConsulURL, Token: token})
	require.NoError(t, err)
	policy, _, err := g.consul.ACL().PolicyCreate(&consul.ACLPolicy{Name: "drover-worker", Rules: documentedPolicy(t)}, nil)
	require.NoError(t, err)
	made, _, err := g.consul.ACL().TokenCreate(&consul.ACLToken{Policies: []*consul.ACLTokenPolicyLink{{ID: policy.ID}}}, nil)
	require.NoError(t, err)
	g.workerToken = made.SecretID
	// The environment is where a token gets lost most easily: whatever the worker starts might inherit it.
	g.WorkerEnv = []string{"CONSUL_HTTP_TOKEN=" + g.workerToken}
	g.startWorker()
	return g
}

// documentedPolicy is what docs/security.md says a worker's token needs.
func documentedPolicy(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(servers.Root, "docs", "security.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(doc), "<!-- the worker's policy -->")
	require.True(t, found)
	policy, _, _ := strings.Cut(rest, "<!-- end -->")
	return policy
}

// startWorker starts the worker, with the payload key if there is one.
func (g *guarded) startWorker() {
	g.t.Helper()
	g.WorkerFlags = nil
	if g.key != "" {
		g.WorkerFlags = []string{"--payload-key", g.key}
	}
	require.NoError(g.t, g.StartWorker(context.WithoutCancel(g.t.Context())), "%s", g.LogTail("drover-worker"))
}

// drover runs the CLI with secret values on its standard input.
func (g *guarded) drover(values map[string]any, args ...string) apps.Answer {
	g.t.Helper()
	stdin, err := json.Marshal(values)
	require.NoError(g.t, err)
	if g.key != "" {
		args = append(args, "--payload-key", g.key)
	}
	a := apps.Run(g.t, g.Stack, bytes.NewReader(stdin), g.Binary("drover"), args...)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.said.WriteString(strings.Join(args, " ") + "\n" + a.Stdout + a.Stderr)
	return a
}

// record is a cluster's control record, which holds the secrets Drover made.
func (g *guarded) record(id string) *lifecycle.Record {
	g.t.Helper()
	rec, _, err := store.New(g.consul, "").Record(g.t.Context(), id)
	require.NoError(g.t, err)
	return rec
}

// rootOf is the root folder of a node as its own processes see it.
func (g *guarded) rootOf(instanceID string) string {
	g.t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(g.t, err)
	for _, proc := range procs {
		name, err := os.ReadFile(proc + "/root/etc/hostname")
		if err == nil && strings.TrimSpace(string(name)) == instanceID {
			return proc + "/root"
		}
	}
	require.Fail(g.t, "no process of "+instanceID)
	return ""
}

// publish makes two versions of an application that has secrets of every kind, and services that print them.
func (g *guarded) publish() string {
	g.t.Helper()
	app := "sealed-" + activities.RandomID()
	leak := "cat /etc/app/secret /root/.ssh/id_rsa /etc/drover/agent.json; head -c 6000 /dev/zero | tr '\\0' x; echo; cat /root/.ssh/id_rsa; " +
		"tr '\\n' ' ' < /etc/app/secret; cat /etc/drover/agent.json; echo \"params $1\"; cat /etc/app/secret"
	role := builder.NewRole("a", "<cluster.count>").Boots("local", "sealed").Set("passphraseless", "ssh-rsa").
		Set("custom_metadata", builder.Object{"cmd": "echo join-$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \\n')"}).
		Shell(map[string]string{
			"start": "[ ! -e /data/bad ] || { cat /etc/app/secret; exit 9; }",
			"stop":  "cat /etc/app/secret", "upgrade": "cat /etc/app/secret",
		}).
		Service(leakService, builder.Object{
			"cmd": "f() { " + leak + "; touch /data/running; while [ ! -e /data/go ]; do sleep 0.05; done; exit 7; }; f", "type": "custom",
			"service_params": builder.Object{"pass": "<service_params.pass>"},
		}).
		Service("waits", builder.Object{"cmd": wait, "type": "custom"})
	sealed := builder.New("sealed", role).Scalable().
		Set("links", builder.Object{"upstream": "<cluster.upstream>"}).
		Set("env", builder.Object{"password": "<env.password>", "given": "<env.given>"}).
		Items("cluster", builder.Item("count", "integer", 2), builder.Item("upstream", "service", "")).
		Items("env", builder.Required("password", "password", "changeable=true"), builder.Item("given", "password", defaultPassword)).
		Items("service_params", builder.Item("pass", "password", ""))
	for version, from := range map[string][]string{"1": nil, "2": {"1"}} {
		dir := g.t.TempDir()
		require.NoError(g.t, sealed.UpgradesFrom(from...).Write(dir))
		g.drover(nil, "apps", "publish", dir, "--app", app, "--version", version).OK(g.t)
	}
	return app
}

// defaultPassword is a password that is never typed.
const defaultPassword = "dflt-Sesame-77"

// readable lists the regular files below a node's or worker's folders that hold one of the words and that users without
// any right of their own could open.
func readable(t *testing.T, words map[string]string, roots ...string) (found []string) {
	t.Helper()
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // it went away
			}
			info, err := d.Info()
			switch {
			case err != nil:
			case d.IsDir() && info.Mode().Perm()&0o001 == 0:
				return fs.SkipDir
			case info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 && info.Size() < 4<<20:
				data, _ := os.ReadFile(path)
				for name, word := range words {
					if bytes.Contains(data, []byte(word)) {
						found = append(found, path+" has "+name)
					}
				}
			}
			return nil
		})
	}
	return found
}
