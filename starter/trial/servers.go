package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"drover/fault"
	"drover/providers/local"
	"drover/starter/process"
)

// Programs are what an installation is made of.
type Programs struct {
	Folder           string // has drover-worker, drover-agent and drover-node
	Temporal, Consul string // the programs themselves
	Images           string // the folder with an image per folder
}

// Servers are a running installation, for one user of this machine and one package at a time.
type Servers struct {
	Programs
	TemporalAddress string

	place                    *place
	consulURL                string
	temporal, consul, worker *process.Process
}

// downWithin bounds the removal of everything.
const downWithin = 2 * time.Minute

// Start runs Temporal, Consul and a worker, and waits until the worker serves.
func Start(ctx context.Context, p Programs) (_ *Servers, err error) {
	s := &Servers{Programs: p}
	if s.place, err = takePlace(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	machines, err := s.machines() // whether this kernel has what nodes need is said by the provider, before all else
	if err != nil {
		return nil, err
	}
	if err := s.place.empty(ctx, machines); err != nil {
		return nil, err
	}
	if s.temporal, s.TemporalAddress, _, err = (process.Temporal{Path: p.Temporal, Dir: s.place.dir}).Server(); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "Temporal cannot be prepared")
	}
	if s.consul, s.consulURL, err = (process.Consul{Path: p.Consul, Dir: s.place.dir, Memory: true}).Server(); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "Consul cannot be prepared")
	}
	s.worker = &process.Process{
		Name: "drover-worker", Path: filepath.Join(p.Folder, "drover-worker"), Env: s.Env(),
		Args: []string{
			"--state-dir", s.place.state(), "--images", p.Images, "--binaries", p.Folder, "--local-range", s.place.addresses,
			"--identity", filepath.Join(s.place.dir, "id_ed25519"), "--metrics", "off", "--node-metrics-port", "0",
		},
		Ready: func(ctx context.Context) error { return process.Served(ctx, s.TemporalAddress, s.worker.Pid()) },
	}
	for _, batch := range [][]*process.Process{{s.temporal, s.consul}, {s.worker}} {
		for _, server := range batch {
			server.LogFile, server.DieWithParent, server.Bare = filepath.Join(s.place.dir, server.Name+".log"), true, true
			if err := server.Start(); err != nil {
				return nil, fault.Wrap(err, fault.Internal, "%s cannot be started", server.Path)
			}
		}
		for _, server := range batch {
			if err := server.WaitReady(ctx); err != nil {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return nil, fault.Wrap(err, fault.Internal, "the servers of the test do not start")
			}
		}
	}
	return s, nil
}

// Env has programs find the servers.
func (s *Servers) Env() []string {
	return []string{
		"TEMPORAL_ADDRESS=" + s.TemporalAddress, "TEMPORAL_NAMESPACE=default", "TEMPORAL_CONFIG_FILE=/dev/null",
		"CONSUL_HTTP_ADDR=" + strings.TrimPrefix(s.consulURL, "http://"),
		"DROVER_SERVER=", "DROVER_PAYLOAD_KEY=", "DROVER_UI=", // not those of an installation
	}
}

// WorkerLog is the end of what the worker wrote.
func (s *Servers) WorkerLog() string {
	if s.worker == nil || s.worker.LogFile == "" {
		return ""
	}
	return process.LogTail(s.worker.LogFile)
}

// Stop ends everything and removes nodes, volumes and data. The worker ends first, so that no other process makes nodes meanwhile.
func (s *Servers) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), downWithin)
	defer cancel()
	var errs []error
	if s.worker != nil {
		errs = append(errs, s.worker.Kill())
	}
	machines, err := s.machines()
	if err == nil {
		err = s.place.empty(ctx, machines)
	}
	for _, p := range []*process.Process{s.temporal, s.consul} {
		if p != nil {
			errs = append(errs, p.Kill())
		}
	}
	if err != nil {
		errs = append(errs, fault.Wrap(err, fault.Internal, "the nodes of the test in %s are not all gone", s.place.dir).
			WithHint("the next drover package test removes them"))
	}
	return errors.Join(append(errs, s.place.release(err == nil))...)
}

func (s *Servers) machines() (*local.Provider, error) {
	return local.New(local.Options{
		StateDir: s.place.state(), ImagesDir: s.Images, Range: s.place.addresses,
		NodeBinary: filepath.Join(s.Folder, "drover-node"), AgentBinary: filepath.Join(s.Folder, "drover-agent"),
	})
}

// place is a folder of the user with a range of addresses, held by a lock that ends with this process. What a killed test left
// there is removed by the next one that takes it.
type place struct {
	dir, addresses string
	lock           *os.File
}

// places is how many tests of one user can run at the same time.
const places = 8

func takePlace() (*place, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "there is no folder for the servers of the test").WithHint("set HOME or XDG_CACHE_HOME")
	}
	for i := range places {
		dir := filepath.Join(cache, "drover", fmt.Sprintf("test-%d", i))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "there is no folder for the servers of the test")
		}
		lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "there is no folder for the servers of the test")
		}
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			lock.Close()
			continue
		}
		// Users of one machine have ranges of their own.
		return &place{dir: dir, addresses: fmt.Sprintf("127.%d.%d.0/24", 100+i, os.Getuid()%256), lock: lock}, nil
	}
	return nil, fault.New(fault.Conflict, "%d tests of packages are running", places).WithHint("wait until one has ended")
}

func (p *place) state() string { return filepath.Join(p.dir, "state") }

// empty removes the nodes of an earlier or of this test, and then all files.
func (p *place) empty(ctx context.Context, machines *local.Provider) error {
	if err := machines.Clear(ctx); err != nil {
		return err
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return e.Name() == "state" })
	var errs []error
	for _, e := range entries {
		errs = append(errs, os.RemoveAll(filepath.Join(p.dir, e.Name())))
	}
	return errors.Join(errs...)
}

// release gives the place to others; a place that is empty has no folder.
func (p *place) release(emptied bool) error {
	var err error
	if emptied {
		err = os.RemoveAll(p.dir)
	}
	return errors.Join(err, p.lock.Close())
}
