package sshserver

import (
	"io"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"
)

// streamLocal is the payload of direct-streamlocal@openssh.com (OpenSSH's PROTOCOL, section 2.4).
type streamLocal struct {
	Path      string
	Reserved  string
	Reserved2 uint32
}

// forwardUnix joins a channel with a unix socket.
func forwardUnix(n ssh.NewChannel) {
	var payload streamLocal
	if err := ssh.Unmarshal(n.ExtraData(), &payload); err != nil {
		_ = n.Reject(ssh.ConnectionFailed, "bad payload")
		return
	}
	socket, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: payload.Path, Net: "unix"})
	if err != nil {
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer socket.Close()
	channel, requests, err := n.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	go ssh.DiscardRequests(requests)
	// Each direction ends on its own: HTTP clients half-close.
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(socket, channel)
		_ = socket.CloseWrite()
	})
	both.Go(func() {
		_, _ = io.Copy(channel, socket)
		_ = channel.CloseWrite()
	})
	both.Wait()
}
