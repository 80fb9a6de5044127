package cli

import (
	"context"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// sshValue is what `drover ssh --print -o json` prints.
type sshValue struct {
	Node    string   `json:"node"` // "etcd_node/1"
	NodeID  string   `json:"node_id"`
	Command []string `json:"command"`
}

func (a *app) ssh() *cobra.Command {
	var (
		identity string
		show     bool
	)
	c := &cobra.Command{
		Use:   "ssh CLUSTER NODE [-- ARG...]",
		Short: "Log in to a node with the system's ssh",
		Long: `Log in to a node as workers do, with the ssh program of this machine: address, user, jump host and host
key are those of the node. A server with another host key is refused, whatever known_hosts says. Words
behind -- are passed to ssh: a command for the node's shell, or options. The exit code is that of ssh.

The private key is a file of the workers. Where it cannot be read, run drover ssh on a worker, as the
worker's user, or name a copy with --identity; drover exec needs no key. A log-in is not recorded; the
commands of drover exec are.`,
		Example: `  drover ssh cl-a1b2c3d4 etcd_node/1
  drover ssh cl-a1b2c3d4 etcd_node/1 -- journalctl -n 50
  drover ssh cl-a1b2c3d4 10.0.0.7 --print`,
		ValidArgsFunction: a.completeExec,
	}
	c.Args = func(cmd *cobra.Command, args []string) error { return oneNodeThen(cmd, args, false) }
	c.Flags().StringVar(&identity, "identity", "", "`file` of the private key (or DROVER_IDENTITY; default: the workers' own file)")
	c.Flags().BoolVar(&show, "print", false, "print the command line and do not run it")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		n, err := a.sshNode(ctx, args[0], args[1])
		if err != nil {
			return output.Output{}, err
		}
		if identity == "" {
			identity, _ = a.env.LookupEnv("DROVER_IDENTITY")
		}
		if identity != "" {
			n.SSH.KeyFile = identity
		}
		words := append(sshWords(n), args[2:]...)
		if show {
			line := make([]string, len(words))
			for i, w := range words {
				line[i] = api.ShellWord(w)
			}
			return output.Output{
				Value:  sshValue{Node: n.Label(), NodeID: n.NodeID, Command: words},
				Blocks: []output.Block{output.Lines{strings.Join(line, " ")}},
			}, nil
		}
		return output.Output{}, a.become(args[0], n, words)
	})
	return c
}

// sshNode is a node with how workers log in to it.
func (a *app) sshNode(ctx context.Context, clusterID, word string) (*api.NodeView, error) {
	server, err := a.server(ctx)
	if err != nil {
		return nil, err
	}
	direct, ok := server.(*client.Client)
	if !ok {
		return nil, fault.New(fault.NotAllowed, "drover ssh does not work through drover-console, which has no access to nodes").
			At(clusterID, "", "").WithHint("run a command with: drover exec %s %s -- COMMAND", clusterID, word)
	}
	cluster, err := direct.ClusterAndSSH(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	ids, err := client.NodesNamed(cluster, []string{word})
	if err != nil {
		return nil, err
	}
	n := &cluster.Nodes[slices.IndexFunc(cluster.Nodes, func(n api.NodeView) bool { return n.NodeID == ids[0] })]
	if n.SSH == nil || n.SSH.HostKey == "" {
		return nil, fault.New(fault.NotAllowed, "node %s (%s) cannot be logged in to: it has no machine with a recorded host key", n.Label(), n.NodeID).
			At(clusterID, n.NodeID, "").WithHint("see the state of the node with: drover doctor %s", clusterID)
	}
	return n, nil
}

// become replaces this process by ssh, unless it could not read its keys.
func (a *app) become(clusterID string, n *api.NodeView, words []string) error {
	for _, s := range []*api.SSHServer{&n.SSH.SSHServer, n.SSH.Jump} {
		if s == nil {
			continue
		}
		f, err := os.Open(s.KeyFile)
		if err != nil {
			return fault.Wrap(err, fault.NotAllowed, "the private key for %s@%s cannot be read here", s.User, s.Address).At(clusterID, n.NodeID, "").
				WithHint("workers have it: run drover ssh on a worker, as the worker's user, or name a copy with --identity; drover exec needs no key")
		}
		f.Close()
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return fault.Wrap(err, fault.Internal, "cannot log in to node %s", n.Label()).WithHint("install an OpenSSH client")
	}
	do := a.Become
	if do == nil {
		do = syscall.Exec
	}
	if err := do(program, words, a.Environ); err != nil {
		return fault.Wrap(err, fault.Internal, "cannot run %s", program)
	}
	return nil
}

// sshWords are the command line that logs in to a node.
func sshWords(n *api.NodeView) []string {
	words := append([]string{"ssh"}, sshOptions(n.NodeID, n.SSH.SSHServer)...)
	if jump := n.SSH.Jump; jump != nil {
		var through []string
		for _, w := range append(append([]string{"ssh"}, sshOptions(n.NodeID+"-jump", *jump)...), host(jump.Address)) {
			through = append(through, strings.ReplaceAll(api.ShellWord(w), "%", "%%"))
		}
		words = append(words, "-o", "ProxyCommand="+strings.Join(through, " ")+" -W '[%h]:%p'")
	}
	return append(words, host(n.SSH.Address))
}

// sshOptions let ssh accept the recorded host key and no other, by a command that prints it: no file is written.
func sshOptions(alias string, s api.SSHServer) []string {
	var out []string
	for _, o := range []string{
		"HostKeyAlias=" + alias, "KnownHostsCommand=/bin/echo " + alias + " " + s.HostKey, "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
		"StrictHostKeyChecking=yes", "UpdateHostKeys=no", "ControlPath=none", "IdentitiesOnly=yes",
	} {
		out = append(out, "-o", o)
	}
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		port = "22"
	}
	return append(out, "-i", s.KeyFile, "-p", port, "-l", s.User)
}

func host(address string) string {
	h, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return h
}
