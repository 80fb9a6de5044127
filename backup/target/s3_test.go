package target_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"drover/backup/key"
	"drover/backup/parts"
	"drover/backup/target"
	"drover/fault"
	"drover/tests/stack/tree"
)

const access, secret, bucket = "drover", "a secret of the test", "backups"

// s3Server is a real server that keeps its objects in a folder; it can be killed and started again.
type s3Server struct {
	t       *testing.T
	program string
	dir     string
	address string
	process *exec.Cmd
}

func newS3Server(t *testing.T) *s3Server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts an S3 server")
	}
	root, err := tree.Root()
	require.NoError(t, err)
	program, err := tree.Tool(t.Context(), root, "versitygw", os.Stderr)
	require.NoError(t, err)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &s3Server{t: t, program: program, dir: t.TempDir(), address: free.Addr().String()}
	require.NoError(t, free.Close())
	for _, sub := range []string{"objects", "meta"} {
		require.NoError(t, os.Mkdir(filepath.Join(s.dir, sub), 0o700))
	}
	s.start()
	t.Cleanup(s.kill)
	plain, err := minio.New(s.address, &minio.Options{Creds: credentials.NewStaticV4(access, secret, "")})
	require.NoError(t, err)
	require.NoError(t, plain.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}))
	return s
}

func (s *s3Server) start() {
	s.t.Helper()
	s.process = exec.Command(s.program, "--port", s.address, "posix", "--sidecar", filepath.Join(s.dir, "meta"), filepath.Join(s.dir, "objects"))
	s.process.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+access, "ROOT_SECRET_KEY="+secret)
	var out bytes.Buffer
	s.process.Stdout, s.process.Stderr = &out, &out
	require.NoError(s.t, s.process.Start())
	require.Eventually(s.t, func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond, "the server does not listen: %s", &out)
}

func (s *s3Server) kill() {
	if s.process != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		s.process = nil
	}
}

func (s *s3Server) target(address string) *target.S3 {
	s.t.Helper()
	to, err := target.NewS3(target.S3Options{Endpoint: address, Bucket: bucket, Prefix: "of/drover", Region: "us-east-1", Insecure: true, AccessKey: access, SecretKey: secret})
	require.NoError(s.t, err)
	return to
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	s := newS3Server(t)
	behaves(t, s.target(s.address))
	mine, err := key.Read(newKey(t))
	require.NoError(t, err)
	behaves(t, target.Sealed(s.target(s.address), mine))

	o := target.S3Options{Endpoint: s.address, Bucket: "nowhere", Region: "us-east-1", Insecure: true, AccessKey: access, SecretKey: secret}
	for want, change := range map[fault.Type]func(*target.S3Options){
		fault.Invalid:      func(*target.S3Options) {},
		fault.Unauthorized: func(o *target.S3Options) { o.Bucket, o.SecretKey = bucket, "another secret" },
	} {
		o := o
		change(&o)
		to, err := target.NewS3(o)
		require.NoError(t, err)
		err = to.Put(t.Context(), "s-1/x", []byte("x"))
		require.True(t, fault.Is(err, want), "%s: %v", want, err)
		require.NotContains(t, err.Error(), o.SecretKey)
	}
	s.kill()
	require.True(t, fault.Is(s.target(s.address).Put(t.Context(), "s-1/x", []byte("x")), fault.Unreachable))
}

// relay stands between client and server. After so many bytes to the server it calls mishap once and lets nothing pass until it is
// healed.
type relay struct {
	to     string
	left   atomic.Int64
	broken atomic.Bool
	mishap func()
	mu     sync.Mutex
	open   []net.Conn
}

func newRelay(t *testing.T, to string, after int64, mishap func()) (*relay, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{to: to, mishap: mishap}
	r.left.Store(after)
	t.Cleanup(func() { _ = l.Close(); r.cut() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(conn)
		}
	}()
	return r, l.Addr().String()
}

func (r *relay) serve(from net.Conn) {
	to, err := net.Dial("tcp", r.to)
	if err != nil || r.broken.Load() {
		_ = from.Close()
		if err == nil {
			_ = to.Close()
		}
		return
	}
	r.mu.Lock()
	r.open = append(r.open, from, to)
	r.mu.Unlock()
	go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
	_, _ = io.Copy(writer(func(b []byte) (int, error) {
		if before := r.left.Add(-int64(len(b))) + int64(len(b)); before > 0 && before <= int64(len(b)) {
			_, _ = to.Write(b[:before])
			r.broken.Store(true)
			r.mishap()
			r.cut()
			return 0, io.ErrClosedPipe
		}
		return to.Write(b)
	}), from)
	_ = to.Close()
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.open {
		_ = conn.Close()
	}
	r.open = nil
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// A connection is cut, or the server is killed, in the middle of a transfer: what is at the target then is no part, and the next
// attempt stores only what is missing.
func TestATransferThatIsCutLeavesNoHalfPart(t *testing.T) {
	t.Parallel()
	s := newS3Server(t)
	content := make([]byte, 40<<20)
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(content); i += 8 {
		for b, v := 0, r.Uint64(); b < 8; b++ {
			content[i+b] = byte(v >> (8 * b))
		}
	}
	read := func() io.Reader { return tarOf(t, content) }
	direct := s.target(s.address)
	for n, after := range []int64{100, 1 << 20, 16 << 20, 17 << 20, 35 << 20, 40<<20 + 4000} {
		for how, mishap := range map[string]func(){"cut": func() {}, "killed": s.kill} {
			at := parts.Place{Point: "s-cut0000" + string(rune('a'+n)), Part: how}
			r, address := newRelay(t, s.address, after, mishap)
			ctx, done := context.WithTimeout(t.Context(), time.Minute)
			_, err := parts.Write(ctx, s.target(address), at, parts.Place{}, read())
			done()
			require.True(t, r.broken.Load(), "%s after %d bytes", how, after)
			require.Error(t, err, "%s after %d bytes", how, after)
			if how == "killed" {
				s.start()
			}
			_, whole, statErr := parts.Stored(t.Context(), direct, at)
			require.NoError(t, statErr)
			require.False(t, whole, "%s after %d bytes", how, after)

			r.broken.Store(false)
			summary, err := parts.Write(t.Context(), s.target(address), at, parts.Place{}, read())
			require.NoError(t, err)
			require.EqualValues(t, len(content), summary.Bytes)
			stored, whole, err := parts.Stored(t.Context(), direct, at)
			require.NoError(t, err)
			require.True(t, whole)
			sum := sha256.New()
			require.NoError(t, parts.Read(t.Context(), direct, at, stored.SHA256, untar(sum)))
			want := sha256.Sum256(content)
			require.Equal(t, want[:], sum.Sum(nil))
			require.NoError(t, target.DeleteAll(t.Context(), direct, at.Point+"/"))
		}
	}
}

func tarOf(t *testing.T, content []byte) io.Reader {
	t.Helper()
	from, to := io.Pipe()
	go func() {
		w := tar.NewWriter(to)
		err := w.WriteHeader(&tar.Header{Name: "file", Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(content)), Format: tar.FormatPAX})
		if err == nil {
			_, err = w.Write(content)
		}
		if err == nil {
			err = w.Close()
		}
		to.CloseWithError(err)
	}()
	t.Cleanup(func() { _ = from.Close() })
	return from
}

// untar writes the content of the first file of a tar stream.
func untar(to io.Writer) io.Writer {
	from, in := io.Pipe()
	go func() {
		r := tar.NewReader(from)
		_, err := r.Next()
		if err == nil {
			_, err = io.Copy(to, r)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, from)
		}
		from.CloseWithError(err)
	}()
	return in
}
