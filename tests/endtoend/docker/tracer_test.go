package docker

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
)

// tracer is what every command of a traced package runs: it tells the test that it begins, and before it ends that it has
// ended, and waits each time until it was heard. What must answer with node ids answers with all of the cluster's, by
// sid: a plan, which cannot ask, takes that for their order.
const tracer = `#!/bin/bash
say() { printf '%%s %%s\n' "$(hostname)" "$1" >&3 && read -r heard <&3 && [ "$heard" = heard ] || exit 97; }
exec 3<>/dev/tcp/%s || exit 97
say "$1"
case $1 in *selector | get_nodes_order) sort -n /etc/trace/nodes | cut -d ' ' -f 2 | paste -sd, ;; esac
say end
`

const (
	nodesResource = "[template]\nsrc = \"nodes.tmpl\"\ndest = \"/etc/trace/nodes\"\nkeys = [\"/hosts\"]\n"
	nodesTemplate = `{{range gets "/hosts/*/node_id"}}{{getv (print (dir .Key) "/sid")}} {{.Value}}
{{end}}{{range gets "/hosts/*/*/node_id"}}{{getv (print (dir .Key) "/sid")}} {{.Value}}
{{end}}`
)

// event is a command that ran: on which instance, and when it began and ended, in a common order.
type event struct {
	instance, command string
	began, ended      int
}

// traces hears of the commands of all traced clusters.
type traces struct {
	mu     sync.Mutex
	clock  int
	events []*event
}

// listen makes image:1 and image:2, whose tracer speaks to the test, and hears them.
func listen(t *testing.T, l *apps.Lab, image string) *traces {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(l.Gateway(), "0"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	dir := t.TempDir()
	host, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	for name, text := range map[string]string{
		"opt/trace/run":               fmt.Sprintf(tracer, host+"/"+port),
		"etc/confd/conf.d/nodes.toml": nodesResource, "etc/confd/templates/nodes.tmpl": nodesTemplate,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	l.Image(t, image+":1", dir)
	l.Image(t, image+":2", dir)
	tr := &traces{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go tr.hear(conn)
		}
	}()
	return tr
}

// hear is one command: a line when it begins, and one when it has ended.
func (tr *traces) hear(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	if err != nil {
		return
	}
	words := strings.Fields(line)
	if len(words) != 2 {
		return
	}
	e := &event{instance: words[0], command: words[1]}
	tr.mu.Lock()
	tr.clock++
	e.began = tr.clock
	tr.events = append(tr.events, e)
	tr.mu.Unlock()
	_, _ = fmt.Fprintln(conn, "heard")
	if _, err := r.ReadString('\n'); err != nil {
		return // it was killed
	}
	tr.mu.Lock()
	tr.clock++
	e.ended = tr.clock
	tr.mu.Unlock()
	_, _ = fmt.Fprintln(conn, "heard")
}

// take gives and forgets what ran on instances.
func (tr *traces) take(instances map[string]string) []event {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var out []event
	tr.events = slices.DeleteFunc(tr.events, func(e *event) bool {
		_, mine := instances[e.instance]
		if mine {
			out = append(out, *e)
		}
		return mine
	})
	return out
}
