// Package v1 has the types of Kubernetes' authentication API that Consul names.
package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

type (
	// TokenReview asks whether a token is valid.
	TokenReview struct {
		metav1.TypeMeta
		metav1.ObjectMeta
		Spec   TokenReviewSpec
		Status TokenReviewStatus
	}
	// TokenReviewSpec is the question.
	TokenReviewSpec struct{ Token string }
	// TokenReviewStatus is the answer.
	TokenReviewStatus struct {
		Authenticated bool
		User          UserInfo
		Error         string
	}
	// UserInfo says whose token it is.
	UserInfo struct {
		Username, UID string
		Groups        []string
	}
)
