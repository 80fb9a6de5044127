package api

import (
	"fmt"
	"regexp"
	"time"
)

// DefaultBarrierTimeout is how long a node may take to apply a revision when the request does not say.
const DefaultBarrierTimeout = 5 * time.Minute

// What happens with a creation that failed.
const (
	OnFailureUndo = "undo"
	OnFailureKeep = "keep"
)

var appWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,62}$`)

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in CreateClusterInput) Problems() []string {
	var p []string
	if in.App == "" {
		p = append(p, "app: required, the id of a published application")
	} else {
		p = append(p, wordProblem("app", in.App)...)
	}
	if in.Version != "" {
		p = append(p, wordProblem("version", in.Version)...)
	}
	switch in.OnFailure {
	case "", OnFailureUndo, OnFailureKeep:
	default:
		p = append(p, fmt.Sprintf("on_failure: %q is not one of undo, keep", in.OnFailure))
	}
	if in.BarrierTimeout != "" {
		if d, err := time.ParseDuration(in.BarrierTimeout); err != nil || d < time.Second || d > 24*time.Hour {
			p = append(p, fmt.Sprintf("barrier_timeout: %q is not a duration from 1s to 24h, such as 90s or 5m", in.BarrierTimeout))
		}
	}
	return p
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in DescribeClusterInput) Problems() []string {
	if !ValidClusterID(in.ClusterID) {
		return []string{fmt.Sprintf("cluster_id: %q is not of the form cl-xxxxxxxx (8 lower-case letters or digits)", in.ClusterID)}
	}
	return nil
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in PublishAppInput) Problems() []string {
	p := append(wordProblem("app", in.App), wordProblem("version", in.Version)...)
	if len(in.Archive) == 0 {
		p = append(p, "archive: required, the package as tar.gz in base64")
	}
	return p
}

func wordProblem(field, value string) []string {
	if appWord.MatchString(value) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %q must begin with a letter or digit and have 1 to 63 letters, digits and . _ + -", field, value)}
}
