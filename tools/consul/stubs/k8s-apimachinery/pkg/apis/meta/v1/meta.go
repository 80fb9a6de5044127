// Package v1 has the fields of Kubernetes' metadata that Consul names. They are never sent or read: the client that would do
// so is left out too.
package v1

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Values of a Status.
const (
	StatusFailure                      = "Failure"
	StatusReasonForbidden StatusReason = "Forbidden"
	StatusReasonNotFound  StatusReason = "NotFound"
)

type (
	// StatusReason says why a request failed.
	StatusReason string
	// CreateOptions has no field that Consul sets.
	CreateOptions struct{}
	// GetOptions has no field that Consul sets.
	GetOptions struct{}
	// ListMeta has no field that Consul sets.
	ListMeta struct{}
	// Time is a point in time.
	Time struct{ time.Time }
	// TypeMeta names the type of an object.
	TypeMeta struct{ Kind, APIVersion string }
	// StatusDetails names the object of a Status.
	StatusDetails struct{ Name, Group, Kind string }
	// ObjectMeta names an object.
	ObjectMeta struct {
		Name, Namespace, SelfLink, ResourceVersion string
		UID                                        types.UID
		CreationTimestamp                          Time
		Annotations                                map[string]string
	}
	// Status is the answer to a request that failed.
	Status struct {
		TypeMeta
		ListMeta
		Status, Message string
		Reason          StatusReason
		Details         *StatusDetails
		Code            int32
	}
)

// GetObjectMeta returns the metadata itself.
func (m *ObjectMeta) GetObjectMeta() *ObjectMeta { return m }

// GetAnnotations returns the annotations.
func (m *ObjectMeta) GetAnnotations() map[string]string { return m.Annotations }
