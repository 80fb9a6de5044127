package remote

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// The benchmarks run n targets against ONE real sshd on this machine: n connections (each target pins the same key with
// another comment, hence is another target), so sshd's own CPU (a fork and a key exchange per connection) is in every
// figure. One operation is one round over all n targets at once; per-target rates are printed beside.
//
//	go test ./remote -run '^$' -bench . -benchtime 5x

var sizes = []int{1, 50, 200}

func targets(base Target, n int) []Target {
	all := make([]Target, n)
	for i := range all {
		all[i] = base
		all[i].NodeID = fmt.Sprintf("cln-%08d", i)
		all[i].HostKey = strings.TrimSpace(base.HostKey) + fmt.Sprintf(" %d", i)
	}
	return all
}

// round does f for all targets at once.
func round(b *testing.B, all []Target, f func(i int, t Target) error) {
	b.Helper()
	var wg sync.WaitGroup
	for i, t := range all {
		wg.Go(func() {
			if err := f(i, t); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
}

func rate(b *testing.B, n int, what string) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), what+"/s")
}

func BenchmarkDial(b *testing.B) {
	base, signer := startSSHD(b)
	for _, slots := range []int{2, 8, 16, 64, 1000} {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("slots=%d/targets=%d", slots, n), func(b *testing.B) {
				all := targets(base, n)
				for b.Loop() {
					p := New(Options{Signer: signer, Handshakes: slots})
					round(b, all, func(_ int, t Target) error {
						c, _, err := p.acquire(b.Context(), t)
						if err == nil {
							p.release(c)
						}
						return err
					})
					b.StopTimer()
					_ = p.Close()
					b.StartTimer()
				}
				rate(b, n, "dials")
			})
		}
	}
}

// BenchmarkAlgorithms measures the cost of key exchanges and ciphers; the order in algorithms.go follows from it.
func BenchmarkAlgorithms(b *testing.B) {
	base, signer := startSSHD(b)
	for _, kex := range keyExchanges {
		for _, cipher := range ciphers {
			b.Run(kex+"/"+cipher, func(b *testing.B) {
				config := &ssh.ClientConfig{
					Config: ssh.Config{KeyExchanges: []string{kex}, Ciphers: []string{cipher}}, User: base.User,
					Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
				}
				for b.Loop() {
					c, err := ssh.Dial("tcp", base.Addr, config)
					if err != nil {
						b.Skip("not offered by this sshd: " + err.Error())
					}
					_ = c.Close()
				}
			})
		}
	}
}

func connected(b *testing.B, f func(b *testing.B, p *Pool, all []Target)) {
	base, signer := startSSHD(b)
	for _, n := range sizes {
		b.Run(fmt.Sprintf("targets=%d", n), func(b *testing.B) {
			p := newPool(b, Options{Signer: signer})
			all := targets(base, n)
			round(b, all, func(_ int, t Target) error {
				_, err := p.Run(b.Context(), t, ":", nil)
				return err
			})
			b.ResetTimer()
			f(b, p, all)
		})
	}
}

func BenchmarkExec(b *testing.B) {
	connected(b, func(b *testing.B, p *Pool, all []Target) {
		for b.Loop() {
			round(b, all, func(_ int, t Target) error {
				_, err := p.Run(b.Context(), t, ":", nil)
				return err
			})
		}
		rate(b, len(all), "execs")
	})
}

// BenchmarkStreamOpen opens a stream, sends a line, reads it back and closes: what each call to an agent costs in SSH.
func BenchmarkStreamOpen(b *testing.B) {
	path := echoSocket(b)
	connected(b, func(b *testing.B, p *Pool, all []Target) {
		for b.Loop() {
			round(b, all, func(i int, t Target) error {
				c, err := p.Dial(b.Context(), t, path)
				if err != nil {
					return err
				}
				defer c.Close()
				return echoOnce(c, i)
			})
		}
		rate(b, len(all), "streams")
	})
}

func BenchmarkStreamRoundTrip(b *testing.B) {
	path := echoSocket(b)
	connected(b, func(b *testing.B, p *Pool, all []Target) {
		open := make([]net.Conn, len(all))
		for i, t := range all {
			var err error
			open[i], err = p.Dial(b.Context(), t, path)
			require.NoError(b, err)
			defer open[i].Close()
		}
		for b.Loop() {
			round(b, all, func(i int, _ Target) error { return echoOnce(open[i], i) })
		}
		rate(b, len(all), "trips")
	})
}

// BenchmarkEnsure installs on nodes that have the binary and nothing else, with connections to be made: the stand-in
// agent's two processes (this test binary, started twice per node) are in the figure.
func BenchmarkEnsure(b *testing.B) {
	base, signer := startSSHD(b)
	in := install(b)
	for _, n := range sizes {
		b.Run(fmt.Sprintf("targets=%d", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				p := New(Options{Signer: signer})
				all := targets(base, n)
				agents := make([]*Agents, n)
				for i := range all {
					r := newRoot(b)
					preinstall(b, r, in)
					agents[i] = NewAgents(p)
					agents[i].paths = r.paths()
				}
				b.StartTimer()
				round(b, all, func(i int, t Target) error { return agents[i].Ensure(b.Context(), t, in) })
				b.StopTimer()
				_ = p.Close()
				b.StartTimer()
			}
			rate(b, n, "nodes")
		})
	}
}
