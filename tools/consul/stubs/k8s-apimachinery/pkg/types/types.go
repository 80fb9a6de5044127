// Package types has the one type of Kubernetes' package that Consul names.
package types

// UID is the id of an object.
type UID string
