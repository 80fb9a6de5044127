package specs

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"drover/fault"
)

// Severity says whether a package or its values can be run as they are.
type Severity string

const (
	// SeverityError: it would not run.
	SeverityError Severity = "error"
	// SeverityWarning: it runs, and it is odd; the message says why.
	SeverityWarning Severity = "warning"
)

// Diagnostic is one finding. Line and Col count from 1 and are 0 where no place in a file is known (values a user
// gave); Col counts characters, not bytes. Path is the config path ("env.tickTime") or the path in cluster.json
// ("nodes[0].services.start").
type Diagnostic struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Col      int      `json:"col,omitempty"`
	Path     string   `json:"path,omitempty"`
	Message  string   `json:"message"`
}

// String gives "file:line:col: path: message" with the parts that are known.
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File)
		if d.Line > 0 {
			fmt.Fprintf(&b, ":%d", d.Line)
		}
		if d.Line > 0 && d.Col > 0 {
			fmt.Fprintf(&b, ":%d", d.Col)
		}
		b.WriteString(": ")
	}
	if d.Path != "" {
		b.WriteString(d.Path + ": ")
	}
	b.WriteString(d.Message)
	return b.String()
}

// Diagnostics are all findings about a package, in the order of files and lines.
type Diagnostics []Diagnostic

// Errors are the findings that keep the package from running.
func (ds Diagnostics) Errors() Diagnostics { return ds.only(SeverityError) }

// Warnings are the findings that do not.
func (ds Diagnostics) Warnings() Diagnostics { return ds.only(SeverityWarning) }

// HasErrors says whether anything keeps the package from running.
func (ds Diagnostics) HasErrors() bool { return ds.count(SeverityError) > 0 }

func (ds Diagnostics) only(s Severity) Diagnostics {
	var out Diagnostics
	for _, d := range ds {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// sorted orders by file, line and column and drops what was found twice (a cluster-level health check is looked at once
// per role, for example).
func (ds Diagnostics) sorted() Diagnostics {
	out := append(Diagnostics(nil), ds...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Col < b.Col
	})
	seen := make(map[Diagnostic]bool, len(out))
	kept := out[:0]
	for _, d := range out {
		if !seen[d] {
			seen[d] = true
			kept = append(kept, d)
		}
	}
	return kept
}

// shortestSecret is the length below which a password is not looked for in messages: it would match by chance.
const shortestSecret = 4

// without replaces passwords in messages and paths: a password may stand where a number is expected, or as a key.
func (ds Diagnostics) without(secrets []string) Diagnostics {
	var pairs []string
	for _, s := range slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) }) {
		if len(s) >= shortestSecret {
			quoted := string(EncodeJSON(s))
			pairs = append(pairs, quoted[1:len(quoted)-1], mask, s, mask)
		}
	}
	hide := strings.NewReplacer(pairs...)
	for i := range ds {
		ds[i].Message, ds[i].Path = hide.Replace(ds[i].Message), hide.Replace(ds[i].Path)
	}
	return ds
}

// Problems is the error of everything in this package that looks at a package's content: all errors at once. It unwraps
// into a fault of type Invalid.
type Problems struct {
	// Subject is what was looked at, usually the package's source.
	Subject     string
	Diagnostics Diagnostics
	cause       *fault.Fault
}

// newProblems returns nil when ds holds no error.
func newProblems(subject string, ds Diagnostics) error {
	errs := ds.Errors()
	if len(errs) == 0 {
		return nil
	}
	noun := "problems"
	if len(errs) == 1 {
		noun = "problem"
	}
	f := fault.New(fault.Invalid, "%s: %d %s: %s", subject, len(errs), noun, errs[0])
	for _, d := range errs {
		f.Problems = append(f.Problems, d.String())
	}
	return &Problems{Subject: subject, Diagnostics: errs, cause: f}
}

// Error lists every problem, one a line after the first line.
func (p *Problems) Error() string {
	if len(p.Diagnostics) == 1 {
		return p.Subject + ": " + p.Diagnostics[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d problems", p.Subject, len(p.Diagnostics))
	for _, d := range p.Diagnostics {
		b.WriteString("\n  " + d.String())
	}
	return b.String()
}

// Unwrap gives the fault of type Invalid whose Problems list every problem.
func (p *Problems) Unwrap() error { return p.cause }
