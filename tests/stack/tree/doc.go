// Package tree finds what tests and developers' programs take from the source tree they run in: its root, the pinned
// tools, and Drover's own programs, which it builds when they are missing or out of date.
package tree
