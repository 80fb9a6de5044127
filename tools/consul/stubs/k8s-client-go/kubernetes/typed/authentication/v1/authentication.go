// Package v1 has the interfaces of the authentication API that Consul names.
package v1

import (
	"context"

	authv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AuthenticationV1Interface is the authentication API.
type AuthenticationV1Interface interface{ TokenReviewsGetter }

// TokenReviewsGetter leads to the reviews of tokens.
type TokenReviewsGetter interface{ TokenReviews() TokenReviewInterface }

// TokenReviewInterface reviews tokens.
type TokenReviewInterface interface {
	Create(context.Context, *authv1.TokenReview, metav1.CreateOptions) (*authv1.TokenReview, error)
}
