// Package kubernetes takes the place of the client of Kubernetes in our build of Consul, where only the ACL auth method
// "kubernetes" would use it.
package kubernetes

import (
	"errors"

	authv1 "k8s.io/client-go/kubernetes/typed/authentication/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// Clientset cannot be had.
type Clientset struct{}

// NewForConfig always fails.
func NewForConfig(*rest.Config) (*Clientset, error) {
	return nil, errors.New("the auth method kubernetes is not part of this build of Consul")
}

// CoreV1 is never called.
func (*Clientset) CoreV1() corev1.CoreV1Interface { return nil }

// AuthenticationV1 is never called.
func (*Clientset) AuthenticationV1() authv1.AuthenticationV1Interface { return nil }
