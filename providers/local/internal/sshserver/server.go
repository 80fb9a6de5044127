package sshserver

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"golang.org/x/crypto/ssh"

	"drover/providers/local/internal/supervise"
)

// handshakeTime is what a client has for key exchange and login.
const handshakeTime = 30 * time.Second

// Server answers on listeners given to Serve.
type Server struct {
	config *ssh.ServerConfig
	procs  *supervise.Processes
	env    []string
}

// New reads the host key. The authorized_keys files are read at each login, so that their changes count at once.
func New(hostKeyFile string, authorizedKeysFiles []string, procs *supervise.Processes, env []string) (*Server, error) {
	raw, err := os.ReadFile(hostKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read host key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("host key %s: %w", hostKeyFile, err)
	}
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-drover",
		PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if c.User() != "root" {
				return nil, fmt.Errorf("user %q may not log in, only root", c.User())
			}
			for _, file := range authorizedKeysFiles {
				if authorized(file, key) == nil {
					return nil, nil
				}
			}
			return nil, errors.New("key is not authorized")
		},
	}
	config.AddHostKey(signer)
	return &Server{config: config, procs: procs, env: env}, nil
}

// authorized says whether the file has the key. Lines with options are passed over: nothing here could honour them.
func authorized(file string, key ssh.PublicKey) error {
	rest, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for len(rest) > 0 {
		known, _, options, next, err := ssh.ParseAuthorizedKey(rest)
		if err != nil {
			break
		}
		if len(options) == 0 && bytes.Equal(known.Marshal(), key.Marshal()) {
			return nil
		}
		rest = next
	}
	return errors.New("key is not authorized")
}

// Serve answers until the listener is closed.
func (s *Server) Serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			// Out of file descriptors or the like: the node must stay reachable once that is over.
			log.Printf("ssh: accept: %v", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go s.connection(conn)
	}
}

func (s *Server) connection(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(handshakeTime))
	client, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return // scanners, probes and refused keys; the client knows
	}
	_ = conn.SetDeadline(time.Time{})
	defer client.Close()
	// Answers keep-alives: "no such request" is an answer.
	go ssh.DiscardRequests(requests)
	for c := range channels {
		switch c.ChannelType() {
		case "session":
			go s.session(c)
		case "direct-streamlocal@openssh.com":
			go forwardUnix(c)
		default:
			_ = c.Reject(ssh.UnknownChannelType, "this server has no channel "+c.ChannelType())
		}
	}
}
