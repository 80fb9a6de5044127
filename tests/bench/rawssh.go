package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"drover/lifecycle"
)

// rawSSH is the yardstick: what a small Go program needs for the same rounds on the same nodes, without any of
// durability, metadata, agents, timeouts or output: one connection per node, everything at once.
func (b *bench) rawSSH(ctx context.Context, clusterID string) (time.Duration, error) {
	rec, _, err := b.store.Record(ctx, clusterID)
	if err != nil {
		return 0, err
	}
	key, err := os.ReadFile(b.identity())
	if err != nil {
		return 0, err
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return 0, err
	}
	clients := make([]*ssh.Client, len(rec.Nodes))
	defer func() {
		for _, c := range clients {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	begun := time.Now()
	if err := atOnce(len(clients), func(i int) (err error) {
		clients[i], err = rawDial(rec.Nodes[i], signer)
		return err
	}); err != nil {
		return 0, err
	}
	for range stagesPerCreation {
		if err := atOnce(len(clients), func(i int) error {
			session, err := clients[i].NewSession()
			if err != nil {
				return err
			}
			defer session.Close()
			return session.Run("true")
		}); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}

func rawDial(n lifecycle.Node, signer ssh.Signer) (*ssh.Client, error) {
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(n.SSH.HostKey))
	if err != nil {
		return nil, fmt.Errorf("host key of %s: %w", n.ID, err)
	}
	return ssh.Dial("tcp", n.SSH.Addr, &ssh.ClientConfig{
		User: n.SSH.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: 30 * time.Second,
		HostKeyCallback: ssh.FixedHostKey(hostKey), HostKeyAlgorithms: []string{hostKey.Type()},
	})
}

// atOnce runs do for 0..n-1 concurrently.
func atOnce(n int, do func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}
