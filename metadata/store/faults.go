package store

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
)

// failed turns an error of the Consul client into a fault. what describes the call: "read the control record of x".
func failed(err error, what string, args ...any) error {
	if err == nil {
		return nil
	}
	what = fmt.Sprintf(what, args...)
	var status api.StatusError
	if !errors.As(err, &status) {
		return fault.Wrap(err, fault.Unreachable, "%s: Consul cannot be reached", what)
	}
	said := strings.TrimSpace(status.Body[:min(len(status.Body), 512)])
	switch {
	case status.Code == http.StatusForbidden || status.Code == http.StatusUnauthorized:
		return unauthorized(what, said)
	case status.Code == http.StatusRequestEntityTooLarge:
		return fault.New(fault.Invalid, "%s: too large for Consul: %s", what, said)
	case status.Code == http.StatusTooManyRequests:
		return fault.New(fault.Unreachable, "%s: Consul accepts no more connections from this machine: %s", what, said).
			WithHint("raise limits.http_max_conns_per_client of Consul")
	case status.Code >= 500:
		return fault.New(fault.Unreachable, "%s: Consul cannot answer: %d %s", what, status.Code, said)
	case status.Code == http.StatusBadRequest:
		return fault.New(fault.Invalid, "%s: Consul refuses the request: %s", what, said)
	}
	return fault.New(fault.Internal, "%s: Consul answered %d: %s", what, status.Code, said)
}

func unauthorized(what, said string) *fault.Fault {
	return fault.New(fault.Unauthorized, "%s: Consul refuses: %s", what, said).
		WithHint("check the worker's Consul token and its policy")
}
