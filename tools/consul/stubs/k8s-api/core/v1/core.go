// Package v1 has the types of Kubernetes' core API that Consul names.
package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

type (
	// ServiceAccount is the account of a program.
	ServiceAccount struct {
		metav1.TypeMeta
		metav1.ObjectMeta
		Secrets []ObjectReference
	}
	// ObjectReference names another object.
	ObjectReference struct{ Name string }
)
