package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"drover/agent/api"
	"drover/agent/keep"

	"github.com/stretchr/testify/require"
)

// What `start --stdin` declines leaves the node as it was, and the exit code says why.
func TestSetupDeclines(t *testing.T) {
	t.Parallel()
	n := newNode(t, nowhere)
	program, err := os.ReadFile(n.bin)
	require.NoError(t, err)
	sum := sha256.Sum256(program)
	own := "sha256:" + hex.EncodeToString(sum[:])
	before := content(t, n.path("agent.json"))
	good, err := json.Marshal(n.config)
	require.NoError(t, err)
	bad := strings.Replace(string(good), "cln-aaaaaaaa", "", 1)
	for name, c := range map[string]struct {
		program, settings string
		code              int
		says              string
	}{
		"other digest":   {"sha256:00", string(good), api.SetupOtherProgram, ""},
		"other build id": {"at:100:00ff00ff00ff", string(good), api.SetupOtherProgram, ""},
		"behind the end": {"at:1000000000:00", string(good), api.SetupOtherProgram, ""},
		"no description": {"", string(good), api.SetupFailed, "describes no program"},
		"bad settings":   {own, bad, api.SetupFailed, "node_id"},
		"no settings":    {own, "", api.SetupFailed, "settings"},
	} {
		cmd := exec.Command(n.bin, "start", "--stdin", "--program", c.program, "--config", n.path("agent.json"), "--socket", n.path("sock"))
		cmd.Stdin = strings.NewReader(c.settings)
		var errs strings.Builder
		cmd.Stderr = &errs
		_ = cmd.Run()
		require.Equal(t, c.code, cmd.ProcessState.ExitCode(), "%s: %s", name, errs.String())
		require.Contains(t, errs.String(), c.says, name)
		require.Equal(t, before, content(t, n.path("agent.json")), name)
	}
	at, err := keep.IsProgram(n.bin, "at:1:"+hex.EncodeToString([]byte("ELF")))
	require.NoError(t, err)
	require.True(t, at)
}
