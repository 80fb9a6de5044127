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
	// Ended is set when a worker answered, and what it was asked for ended badly: an operation, a plan, or a short workflow.
	Ended *Ended `json:"ended,omitempty"`
	// Holder is the operation that keeps a busy cluster, with its step.
	Holder *Operation `json:"holder,omitempty"`
}

// Ended is what ended badly, and how.
type Ended struct {
	Operation string `json:"operation" doc:"Type of the workflow"`
	ClusterID string `json:"cluster_id,omitempty"`
	State     string `json:"state" doc:"failed, refused, cancelled, terminated or timed_out"`
	Began     bool   `json:"began,omitempty" doc:"A step had an effect"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of a problem, whatever the request accepts.
func (p *Problem) ContentType(string) string { return ProblemType }

// Unwrap gives the fault.
func (p *Problem) Unwrap() error { return &p.Fault }
