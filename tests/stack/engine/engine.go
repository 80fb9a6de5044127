package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/moby/moby/client"
)

// startTime is how long a starting engine may take to answer.
const startTime = 2 * time.Minute

// Missing says why no engine can be started here; empty when one can.
func Missing() string {
	if os.Geteuid() != 0 {
		return "a Docker engine of one's own needs root"
	}
	for _, program := range []string{"dockerd", "containerd"} {
		if _, err := exec.LookPath(program); err != nil {
			return "there is no " + program + " (Debian: apt-get install docker.io)"
		}
	}
	return ""
}

// Engine is a running dockerd, and the containerd below it, which runs on when dockerd is killed.
type Engine struct {
	// Host is its address, as in DOCKER_HOST.
	Host             string
	dir              string
	docker, contains *daemon
}

// Start starts an engine that keeps everything in the folder, whose name must be short: sockets lie in it. It returns
// when the engine answers.
func Start(ctx context.Context, dir string) (*Engine, error) {
	e := &Engine{Host: "unix://" + filepath.Join(dir, "docker.sock"), dir: dir}
	config := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = %q\n[ttrpc]\naddress = %q\n",
		e.path("containerd"), e.path("run", "containerd"), e.path("c.sock"), e.path("c.sock.ttrpc"))
	err := errors.Join(
		os.WriteFile(e.path("containerd.toml"), []byte(config), 0o600),
		os.WriteFile(e.path("daemon.json"), []byte("{}"), 0o600),
	)
	if err != nil {
		return nil, err
	}
	if e.contains, err = startDaemon(e.path("containerd.log"), "containerd", "--config", e.path("containerd.toml")); err != nil {
		return nil, err
	}
	if err := e.start(ctx); err != nil {
		e.contains.end(syscall.SIGTERM)
		return nil, err
	}
	return e, nil
}

func (e *Engine) path(parts ...string) string {
	return filepath.Join(append([]string{e.dir}, parts...)...)
}

// start starts dockerd until it stays: on a busy machine it may give containerd too little time.
func (e *Engine) start(ctx context.Context) error {
	c, err := e.Client()
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		_ = os.Remove(e.path("pid")) // a killed one leaves it, and its number may be another process's by now
		e.docker, err = startDaemon(e.path("dockerd.log"), "dockerd", "--config-file", e.path("daemon.json"), "--host", e.Host,
			"--containerd", e.path("c.sock"), "--data-root", e.path("data"), "--exec-root", e.path("run", "docker"), "--pidfile", e.path("pid"),
			"--bridge=none", "--iptables=false", "--ip-masq=false", "--log-level=warn")
		if err != nil {
			return err
		}
		for up := true; up; {
			if _, err := c.Ping(ctx, client.PingOptions{}); err == nil {
				return nil
			}
			select {
			case <-e.docker.ended:
				up = false
			case <-ctx.Done():
				e.Kill()
				return fmt.Errorf("no Docker engine after %s; the output of dockerd: %s", startTime, e.tail())
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

func (e *Engine) tail() string {
	raw, _ := os.ReadFile(e.path("dockerd.log"))
	return string(raw[max(0, len(raw)-2000):])
}

// Client speaks to the engine; the caller closes it.
func (e *Engine) Client() (*client.Client, error) { return client.New(client.WithHost(e.Host)) }

// Kill ends dockerd without a chance to put anything in order. What runs in containers runs on until the next one
// starts, which ends and restarts it.
func (e *Engine) Kill() { e.docker.end(syscall.SIGKILL) }

// Restart stops the engine in order, which stops all containers, unless it was killed, and starts it again.
func (e *Engine) Restart(ctx context.Context) error {
	e.docker.end(syscall.SIGTERM)
	return e.start(ctx)
}

// Close stops the engine and removes its folder. Containers that are still there end.
func (e *Engine) Close() error {
	e.docker.end(syscall.SIGTERM)
	e.contains.end(syscall.SIGTERM)
	for _, pattern := range []string{"data/overlay2/*/merged", "run/docker/netns/*", "data/containers/*/mounts/shm", "data"} {
		found, err := filepath.Glob(e.path(pattern))
		if err != nil {
			return err
		}
		for _, at := range found { // what a killed one left mounted
			_ = syscall.Unmount(at, syscall.MNT_DETACH)
		}
	}
	return os.RemoveAll(e.dir)
}
