package remote

import (
	"time"

	"golang.org/x/crypto/ssh"
)

// conn is one live SSH connection. users and idle belong to the pool and are guarded by its mutex.
type conn struct {
	client   *ssh.Client
	target   Target        // of the call that dialed; for texts
	sessions chan struct{} // bounds the concurrent sessions
	done     chan struct{} // closed when the connection has ended

	users int
	idle  *time.Timer
}

// keepAlive sends a keepalive request every interval and closes the connection when misses intervals pass without an
// answer. Without it a connection through a dead link would look alive until TCP gives up after 15 minutes.
func (c *conn) keepAlive(interval time.Duration, misses int, lost func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	answered := make(chan struct{}, 1)
	waiting, missed := false, 0
	for {
		select {
		case <-c.done:
			return
		case <-answered:
			waiting, missed = false, 0
		case <-tick.C:
			if !waiting {
				waiting = true
				go func() {
					// Any answer counts: sshd answers "failure" to unknown requests.
					if _, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil); err == nil {
						answered <- struct{}{}
					}
				}()
				continue
			}
			if missed++; missed >= misses {
				lost()
				_ = c.client.Close()
				return
			}
		}
	}
}
