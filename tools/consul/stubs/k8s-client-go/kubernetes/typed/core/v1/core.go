// Package v1 has the interfaces of the core API that Consul names.
package v1

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CoreV1Interface is the core API.
type CoreV1Interface interface{ ServiceAccountsGetter }

// ServiceAccountsGetter leads to the service accounts of a namespace.
type ServiceAccountsGetter interface {
	ServiceAccounts(namespace string) ServiceAccountInterface
}

// ServiceAccountInterface reads service accounts.
type ServiceAccountInterface interface {
	Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.ServiceAccount, error)
}
