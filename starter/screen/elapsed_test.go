package screen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	at := time.Unix(1e9, 0)
	require.Equal(t, "times out in 1m 30s", Limit(at, at.Add(-90*time.Second)))
	require.Equal(t, "time limit passed 3m 20s ago; the end is not reported yet", Limit(at, at.Add(200*time.Second)))
}
