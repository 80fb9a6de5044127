// Package iterator has the end of Google's lists, which Temporal's archiver looks for.
package iterator

import "errors"

// Done ends a list.
var Done = errors.New("no more items in iterator")
