package remote

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "drover-agent" {
		os.Exit(standInAgent(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// newPool makes a pool that is closed with the test.
func newPool(t testing.TB, opt Options) *Pool {
	t.Helper()
	p := New(opt)
	t.Cleanup(func() { _ = p.Close() })
	return p
}
