package remote

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// newPool makes a pool that is closed with the test.
func newPool(t testing.TB, opt Options) *Pool {
	t.Helper()
	p := New(opt)
	t.Cleanup(func() { _ = p.Close() })
	return p
}
