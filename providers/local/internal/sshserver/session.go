package sshserver

import (
	"errors"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// signals that a client may send, by their names in RFC 4254.
var signals = map[string]syscall.Signal{
	"ABRT": syscall.SIGABRT, "ALRM": syscall.SIGALRM, "FPE": syscall.SIGFPE, "HUP": syscall.SIGHUP, "ILL": syscall.SIGILL,
	"INT": syscall.SIGINT, "KILL": syscall.SIGKILL, "PIPE": syscall.SIGPIPE, "QUIT": syscall.SIGQUIT, "SEGV": syscall.SIGSEGV,
	"TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2,
}

// session is one session channel: it runs at most one program.
type session struct {
	server  *Server
	channel ssh.Channel
	env     []string
	term    *terminal

	mu  sync.Mutex
	pid int // the running program's process group; 0 when none
}

func (s *Server) session(n ssh.NewChannel) {
	channel, requests, err := n.Accept()
	if err != nil {
		return
	}
	ses := &session{server: s, channel: channel, env: s.env}
	defer channel.Close()
	begun := false
	for r := range requests {
		ok := false
		switch r.Type {
		case "env":
			var v struct{ Name, Value string }
			// As OpenSSH's usual AcceptEnv: what could change how programs load is not taken.
			if ssh.Unmarshal(r.Payload, &v) == nil && (v.Name == "LANG" || strings.HasPrefix(v.Name, "LC_")) {
				ses.env, ok = append(ses.env[:len(ses.env):len(ses.env)], v.Name+"="+v.Value), true
			}
		case "pty-req":
			ok = !begun && ses.openTerminal(r.Payload)
		case "window-change":
			ok = ses.term != nil && ses.term.resize(r.Payload)
		case "signal":
			ok = ses.signal(r.Payload)
		case "exec", "shell", "subsystem":
			var v struct{ Text string }
			if begun || (r.Type != "shell" && ssh.Unmarshal(r.Payload, &v) != nil) {
				break
			}
			if r.Type == "subsystem" && v.Text != "sftp" {
				break
			}
			begun = true
			// The answer goes first: the program's output must not overtake it.
			_ = r.Reply(true, nil)
			if r.Type == "subsystem" {
				go ses.serveFiles()
			} else {
				go ses.run(r.Type, v.Text)
			}
			continue
		}
		_ = r.Reply(ok, nil)
	}
	if ses.term != nil && !begun {
		ses.term.close()
	}
}

func (s *session) signal(payload []byte) bool {
	var v struct{ Name string }
	sig, known := syscall.Signal(0), false
	if ssh.Unmarshal(payload, &v) == nil {
		sig, known = signals[v.Name]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return known && s.pid != 0 && syscall.Kill(-s.pid, sig) == nil
}

// serveFiles is the SFTP subsystem.
func (s *session) serveFiles() {
	defer s.channel.Close()
	server, err := sftp.NewServer(s.channel, sftp.WithServerWorkingDirectory("/root"))
	if err != nil {
		log.Printf("sftp: %v", err)
		return
	}
	defer server.Close()
	status := uint32(0)
	if err := server.Serve(); err != nil && !errors.Is(err, io.EOF) {
		status = 1
	}
	s.sendStatus(status)
}

func (s *session) sendStatus(code uint32) {
	_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{code}))
}

// report says how the program ended.
func (s *session) report(status syscall.WaitStatus) {
	if !status.Signaled() {
		s.sendStatus(uint32(status.ExitStatus()))
		return
	}
	name := "KILL"
	for n, sig := range signals {
		if sig == status.Signal() {
			name = n
		}
	}
	_, _ = s.channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
		Name    string
		Core    bool
		Message string
		Lang    string
	}{Name: name, Core: status.CoreDump()}))
}

// shell of root, as OpenSSH takes it from passwd: bash where there is one.
func shell() string {
	if info, err := os.Stat("/bin/bash"); err == nil && info.Mode()&0o111 != 0 {
		return "/bin/bash"
	}
	return "/bin/sh"
}
