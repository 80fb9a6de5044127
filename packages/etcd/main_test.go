package etcd

import (
	"fmt"
	"os/exec"
	"sync"
	"testing"

	"drover/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }

// built is the folder with packages/ and images/ as build.sh makes it.
var built = sync.OnceValues(func() (string, error) {
	if out, err := exec.Command("./build.sh", stack.TestDir()).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build.sh: %w: %s", err, out)
	}
	return stack.TestDir(), nil
})
