package main

import (
	"slices"
	"time"
)

type times []time.Duration

// percentile is the smallest of the times that p percent do not exceed.
func (t times) percentile(p int) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}
