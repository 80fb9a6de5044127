package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/metadata/store"
	"drover/providers"
	"drover/providers/static"
	"drover/remote/target"
	"drover/tests/stack/consultest"
)

// TestStaticScriptsMayBeCut ends the scripts that prepare and release a host after each of their commands, like a power
// loss of the host. A further release restores the host.
func TestStaticScriptsMayBeCut(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("no machines are made with -short")
	}
	g := giveHosts(t, 1, "127.93.11.0/29", "on_release: wipe\n", "cpu: 2, memory: 1024")
	_, client := consultest.Start(t)
	book := store.New(client, consultest.Prefix()).Document("hosts")
	var cut, calm cutScripts
	over := func(s static.Shell) *static.Provider {
		p, err := static.New(static.Options{Inventory: g.inventory, Book: book, Shell: s})
		require.NoError(t, err)
		return p
	}
	cut.Shell, calm.Shell, calm.after = shell{g.pool}, shell{g.pool}, -1
	dying, whole := over(&cut), over(&calm)
	host := func(line string) {
		for _, at := range g.access {
			r, err := shell{g.pool}.Run(t.Context(), at, "set -e\n"+line)
			require.NoError(t, err)
			require.Zero(t, r.ExitCode, r.Stderr)
		}
	}
	// Keys of another user, whose last line does not end, and a mount point whose first folder exists.
	host("printf '# another user\\nssh-ed25519 AAAA' >> /root/.ssh/authorized_keys\nmkdir -p /srv/app")
	before := g.trees(t)
	spec := func() providers.InstanceSpec {
		return providers.InstanceSpec{
			ID: "i-" + activities.RandomID(), Tags: providers.Tags{ClusterID: "cl-cut00000", NodeID: "cln-cut"},
			Size: providers.Size{CPU: 1, Memory: 512}, AuthorizedKey: authorizedKey(g.drovers),
			Mounts: []providers.Mount{{VolumeID: "vol-cut", Path: "/srv/app/some data"}},
		}
	}
	_, err := whole.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-cut", Tags: providers.Tags{ClusterID: "cl-cut00000"}, SizeGiB: 1})
	require.NoError(t, err)

	for after := 0; ; after++ {
		s := spec()
		cut.after = after
		_, err := dying.CreateInstance(t.Context(), s)
		if err == nil {
			require.NoError(t, whole.DeleteInstance(t.Context(), s.ID))
			t.Logf("%d cuts of the script that prepares", after)
			require.Greater(t, after, 5, "the script was not cut")
			break
		}
		require.ErrorIs(t, err, errCut)
		if after%2 == 0 { // the call is retried, or given up at once
			_, err = whole.CreateInstance(t.Context(), s)
			require.NoError(t, err, cut.did)
		}
		require.NoError(t, whole.DeleteInstance(t.Context(), s.ID), cut.did)
		require.Equal(t, before, g.trees(t), "after this the host is not as it was:\n%s", cut.did)
	}
	for after := 0; ; after++ {
		s := spec()
		_, err := whole.CreateInstance(t.Context(), s)
		require.NoError(t, err)
		host(`mkdir -p /opt/drover/bin /etc/drover /run/drover /var/log/drover '/srv/app/some data/more'
printf '#!/bin/sh\n' > /opt/drover/bin/drover-agent
chmod 755 /opt/drover/bin/drover-agent
echo "{}" > /etc/drover/agent.json
touch /opt/drover/bin/.drover-agent.new /run/drover/agent.sock.lock /var/log/drover/agent.log /var/lib/drover/journal '/srv/app/some data/more/file'`)
		cut.after = after
		err = dying.DeleteInstance(t.Context(), s.ID)
		if err == nil {
			require.Equal(t, before, g.trees(t))
			t.Logf("%d cuts of the script that releases", after)
			require.Greater(t, after, 10, "the script was not cut")
			break
		}
		require.ErrorIs(t, err, errCut)
		require.NoError(t, whole.DeleteInstance(t.Context(), s.ID), cut.did)
		require.Equal(t, before, g.trees(t), "after this the host is not as it was:\n%s", cut.did)
	}
}

// cutScripts runs at most a number of commands of a script; below zero, all.
type cutScripts struct {
	static.Shell
	after int
	did   string
	known map[int][]int // by the number of lines
}

func (s *cutScripts) Run(ctx context.Context, at target.Target, script string) (static.Result, error) {
	lines := strings.SplitAfter(script, "\n")
	if s.after < 0 || s.after >= len(s.ends(lines)) {
		return s.Shell.Run(ctx, at, script)
	}
	s.did = strings.Join(lines[:s.ends(lines)[s.after]], "")
	r, err := s.Shell.Run(ctx, at, s.did)
	if err != nil {
		return r, err
	}
	if r.ExitCode != 0 {
		return r, errors.New(r.Stderr)
	}
	return r, errCut
}

// ends returns the numbers of lines after which a script may end: between two of its commands, but not after the last one.
// The lines before the first empty line change nothing. Scripts of the same kind have the same ends.
func (s *cutScripts) ends(lines []string) []int {
	if known := s.known[len(lines)]; known != nil {
		return known
	}
	found := []int{}
	begun := false
	for i := range lines {
		if strings.TrimSpace(lines[i]) == "" {
			begun = true
			continue
		}
		if !begun {
			continue
		}
		check := exec.Command("sh", "-n")
		check.Stdin = strings.NewReader(strings.Join(lines[:i+1], ""))
		if check.Run() == nil {
			found = append(found, i+1)
		}
	}
	if s.known == nil {
		s.known = map[int][]int{}
	}
	s.known[len(lines)] = found[:len(found)-1]
	return s.known[len(lines)]
}
