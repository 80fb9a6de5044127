package static

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/providers"
	"drover/remote/target"
)

// hostsFile writes an inventory of n hosts.
func hostsFile(t *testing.T, n int) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("hosts:\n")
	for i := range n {
		fmt.Fprintf(&text, "  - {name: h%d, host: 10.0.0.%d, host_key: %q}\n", i+1, i+1, lineOf(keyOf(t, 'h')))
	}
	file := filepath.Join(t.TempDir(), "hosts.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	return file
}

func specOf(t *testing.T, id, cluster string) providers.InstanceSpec {
	t.Helper()
	return providers.InstanceSpec{
		ID: id, Tags: providers.Tags{ClusterID: cluster, NodeID: "cln-" + id}, Size: providers.Size{CPU: 1, Memory: 512},
		AuthorizedKey: lineOf(keyOf(t, 'd')),
	}
}

// TestHostsAreNeverShared lets clusters of several workers grab at fewer hosts than they want, all at once.
func TestHostsAreNeverShared(t *testing.T) {
	t.Parallel()
	const hosts, wanted, workers = 7, 20, 4
	file, book := hostsFile(t, hosts), &memory{}
	var all sync.WaitGroup
	made := make([]providers.Instance, wanted)
	errs := make([]error, wanted)
	for i := range wanted {
		worker := over(t, file, book, answers{})
		spec := specOf(t, fmt.Sprintf("i-%d", i), fmt.Sprintf("cl-%d", i%workers))
		all.Go(func() { made[i], errs[i] = worker.CreateInstance(t.Context(), spec) })
	}
	all.Wait()
	users := map[string]string{}
	for i, err := range errs {
		if err != nil {
			require.Truef(t, fault.Is(err, fault.NotAllowed), "%v", err)
			require.ErrorContains(t, err, "no free host fits instance")
			continue
		}
		require.Empty(t, users[made[i].SSH.Addr], "%s is shared", made[i].SSH.Addr)
		users[made[i].SSH.Addr] = made[i].ID
	}
	require.Len(t, users, hosts)
	listed, err := over(t, file, book, answers{}).Hosts(t.Context())
	require.NoError(t, err)
	for _, h := range listed {
		require.Equal(t, users[h.Address], h.InstanceID)
	}
}

// TestDeletionMeetsOtherCalls deletes an instance in the middle of what another worker does with it: afterwards the host
// is free and clean, or the other worker's call was the later one and failed.
func TestDeletionMeetsOtherCalls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call func(*Provider) error
		want fault.Type
	}{
		"create": {func(p *Provider) error {
			_, err := p.CreateInstance(t.Context(), specOf(t, "i-a", "cl-a"))
			return err
		}, fault.NotFound},
		"start": {func(p *Provider) error {
			_, err := p.StartInstance(t.Context(), "i-a")
			return err
		}, fault.NotFound},
		"stop": {func(p *Provider) error { return p.StopInstance(t.Context(), "i-a") }, fault.NotFound},
		"replace": {func(p *Provider) error {
			_, err := p.ReplaceImage(t.Context(), "i-a", specOf(t, "i-b", "cl-a"))
			return err
		}, fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, book := hostsFile(t, 1), &memory{}
			plain := over(t, file, book, answers{})
			if name != "create" {
				_, err := plain.CreateInstance(t.Context(), specOf(t, "i-a", "cl-a"))
				require.NoError(t, err)
			}
			if name == "start" {
				require.NoError(t, plain.StopInstance(t.Context(), "i-a"))
			}
			var once sync.Once
			var last string
			interrupted := over(t, file, book, answers{run: func(_ target.Target, script string) (Result, error) {
				last = script
				once.Do(func() { require.NoError(t, plain.DeleteInstance(t.Context(), "i-a")) })
				return Result{}, nil
			}})
			err := tt.call(interrupted)
			require.Truef(t, fault.Is(err, tt.want), "%v", err)
			if name == "create" || name == "start" {
				require.Contains(t, last, "rm -rf /var/lib/.drover.old\nif [ -z", "what the late script made goes again")
			}
			listed, err := plain.Hosts(t.Context())
			require.NoError(t, err)
			require.Equal(t, "free", listed[0].State)
			_, err = plain.CreateInstance(t.Context(), specOf(t, "i-c", "cl-c"))
			require.NoError(t, err)
		})
	}
}

// TestReleaseThatFailsKeepsTheHost: no cluster gets a host before it was cleaned, and what is being released cannot be used.
func TestReleaseThatFailsKeepsTheHost(t *testing.T) {
	t.Parallel()
	file, book := hostsFile(t, 1), &memory{}
	plain := over(t, file, book, answers{})
	_, err := plain.CreateInstance(t.Context(), specOf(t, "i-a", "cl-a"))
	require.NoError(t, err)
	lost := over(t, file, book, answers{run: func(target.Target, string) (Result, error) {
		return Result{}, fault.New(fault.Unreachable, "no route to host")
	}})
	require.ErrorContains(t, lost.DeleteInstance(t.Context(), "i-a"), "provider static: host h1: no route to host")
	listed, err := plain.Hosts(t.Context())
	require.NoError(t, err)
	require.Equal(t, "releasing", listed[0].State)
	_, err = plain.CreateInstance(t.Context(), specOf(t, "i-b", "cl-b"))
	require.ErrorContains(t, err, "host h1 has instance i-a of cluster cl-a")
	for call, err := range map[string]error{
		"create":  second(plain.CreateInstance(t.Context(), specOf(t, "i-a", "cl-a"))),
		"start":   second(plain.StartInstance(t.Context(), "i-a")),
		"replace": second(plain.ReplaceImage(t.Context(), "i-a", specOf(t, "i-c", "cl-a"))),
	} {
		require.ErrorContains(t, err, "instance i-a is being released", call)
	}
	// The machine gets another key or user: the inventory says how it is reached now.
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	text = []byte(strings.Replace(string(text), "host_key", "user: admin, host_key", 1))
	require.NoError(t, os.WriteFile(file, text, 0o600))
	var user string
	repaired := over(t, file, book, answers{run: func(at target.Target, _ string) (Result, error) {
		user = at.User
		return Result{}, nil
	}})
	require.NoError(t, repaired.DeleteInstance(t.Context(), "i-a"))
	require.Equal(t, "admin", user)
	_, err = plain.CreateInstance(t.Context(), specOf(t, "i-b", "cl-b"))
	require.NoError(t, err)
}

func second[T any](_ T, err error) error { return err }

// TestRenamedHost: a host that has an instance keeps it under another name or at another address.
func TestRenamedHost(t *testing.T) {
	t.Parallel()
	file, book := hostsFile(t, 1), &memory{}
	p := over(t, file, book, answers{})
	_, err := p.CreateInstance(t.Context(), specOf(t, "i-a", "cl-a"))
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, change := range []string{"name: h1/name: new", "host: 10.0.0.1/host: 10.0.0.9", "name: h1, host: 10.0.0.1/name: new, host: 10.0.0.9"} {
		old, now, _ := strings.Cut(change, "/")
		require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), old, now, 1)), 0o600))
		listed, err := p.Hosts(t.Context())
		require.NoError(t, err)
		if strings.Contains(now, "name: new, host") {
			require.Len(t, listed, 2, "the old host is shown as long as an instance has it")
			continue
		}
		require.Len(t, listed, 1)
		require.Equal(t, "i-a", listed[0].InstanceID, change)
		_, err = p.CreateInstance(t.Context(), specOf(t, "i-b", "cl-b"))
		require.ErrorContains(t, err, "has instance i-a of cluster cl-a", change)
	}
}

// A machine is one host, whatever an inventory that was changed calls it and at whichever port it is reached.
func TestAMachineIsTakenOnce(t *testing.T) {
	t.Parallel()
	file, book := hostsFile(t, 1), &memory{}
	write := func(host string) {
		text := fmt.Sprintf("hosts:\n  - {%s, host_key: %q}\n", host, lineOf(keyOf(t, 'h')))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	write("name: first, host: 127.0.0.1")
	p := over(t, file, book, answers{})
	_, err := p.CreateInstance(t.Context(), specOf(t, "i-1", "cl-1"))
	require.NoError(t, err)
	for _, same := range []string{"name: other, host: 127.0.0.1, port: 2222", "name: other, host: 10.0.0.9, ip: 127.0.0.1"} {
		write(same)
		_, err = p.CreateInstance(t.Context(), specOf(t, "i-2", "cl-2"))
		require.ErrorContains(t, err, "host other has instance i-1 of cluster cl-1", same)
	}
	write("name: again, host: localhost")
	_, err = p.CreateInstance(t.Context(), specOf(t, "i-2", "cl-2"))
	require.ErrorContains(t, err, "host again has address 127.0.0.1, and so has the host of instance i-1")
	left, err := p.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, left.Instances, 1, "nothing was put on it, and it is given back")
}
