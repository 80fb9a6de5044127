package api

import "drover/fault"

// ProblemType is the media type of errors (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is every error of the API: an RFC 9457 problem with the fault it was made of.
type Problem struct {
	Type   string `json:"type" doc:"URI of the kind of problem: urn:drover:fault: and the type of the fault"`
	Title  string `json:"title" doc:"The kind of problem in words"`
	Status int    `json:"status" doc:"HTTP status"`
	Detail string `json:"detail" doc:"What failed"`
	// Fault is the failure itself: place, exit code, output, hint, and all problems of an invalid request.
	Fault fault.Fault `json:"fault"`
	// Holder is the operation that keeps a busy cluster, with its step.
	Holder *Operation `json:"holder,omitempty"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of a problem, whatever the request accepts.
func (p *Problem) ContentType(string) string { return ProblemType }

// Unwrap gives the fault.
func (p *Problem) Unwrap() error { return &p.Fault }
