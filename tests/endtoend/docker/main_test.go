package docker

import (
	"testing"

	"drover/tests/apps"
)

func TestMain(m *testing.M) { apps.Main(m) }
