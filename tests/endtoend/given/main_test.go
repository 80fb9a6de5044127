package given

import (
	"testing"

	"drover/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }
