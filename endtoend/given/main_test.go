package given

import (
	"testing"

	"drover/packages/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }
