package confd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drover/fault"
)

// Severities of a Problem.
const (
	SeverityError   = "error"   // the resource would not be applied
	SeverityWarning = "warning" // it works, but hardly as meant
)

// Problem is one finding of CheckConfig.
type Problem struct {
	// File is relative to the configuration folder; Line is 0 when it is not about a line.
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// String is "file:line: severity: message".
func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place += ":" + strconv.Itoa(p.Line)
	}
	return fmt.Sprintf("%s: %s: %s", place, p.Severity, p.Message)
}

// CheckConfig reads all resources and compiles all templates they name, without any keys, and gives every problem. known
// says whether keys at or below a path can be there at all; nil: any can. The error says that the folder cannot be read or
// has no resources.
func (e *Engine) CheckConfig(ctx context.Context, known func(key string) bool) ([]Problem, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	if _, err := e.resources.refresh(); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot read the configuration")
	}
	if len(e.resources.order) == 0 {
		return nil, fault.New(fault.NotFound, "no resources in %s", e.resources.dir).
			WithHint("resources are files below it whose name ends in toml")
	}
	problems := []Problem{}
	_, shadowed := e.resources.active()
	compiled := map[string]bool{}
	for _, name := range e.resources.order {
		file, entry := filepath.Join("conf.d", name), e.resources.files[name]
		if entry.err != nil {
			for _, err := range each(entry.err) {
				problems = append(problems, resourceProblem(file, err))
			}
			continue
		}
		for _, key := range entry.res.keys {
			if known != nil && !known(key) {
				problems = append(problems, Problem{file, 0, SeverityWarning, "keys: " + neverThere(key)})
			}
		}
		for _, note := range entry.res.notes {
			problems = append(problems, Problem{file, 0, SeverityWarning, note})
		}
		if by := shadowed[name]; by != "" {
			problems = append(problems, Problem{file, 0, SeverityWarning, "writes the same file as " + by + ", which wins"})
		}
		if compiled[entry.res.src] {
			continue
		}
		compiled[entry.res.src] = true
		tmpl, err := e.templates.load(entry.res.src)
		if err != nil {
			problems = append(problems, templateProblem(file, entry.res.src, err))
			continue
		}
		problems = append(problems, unknownReads(entry.res.src, reads(tmpl), known)...)
	}
	return problems, nil
}

// unknownReads are the keys a template reads that no cluster has, each once.
func unknownReads(src string, all []read, known func(string) bool) []Problem {
	var problems []Problem
	said := map[string]bool{}
	for _, r := range all {
		if known != nil && !said[r.key] && !known(r.key) {
			said[r.key] = true
			problems = append(problems, Problem{templateFile(src), r.line, SeverityWarning, neverThere(r.key)})
		}
	}
	return problems
}

func neverThere(key string) string {
	return "no cluster has the key " + key + ": Drover does not publish it"
}

func templateFile(src string) string { return filepath.Join("templates", filepath.Clean("/"+src)) }

// each takes joined errors apart.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return slices.Concat(joined.Unwrap())
	}
	return []error{err}
}

// lineError is an error at a line of a resource file.
type lineError struct {
	line    int
	message string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

func resourceProblem(file string, err error) Problem {
	var at *lineError
	if errors.As(err, &at) {
		return Problem{file, at.line, SeverityError, at.message}
	}
	return Problem{file, 0, SeverityError, err.Error()}
}

// templateProblem finds the line in text/template's "template: NAME:LINE: message". A template that cannot be read is a
// problem of the resource that names it.
func templateProblem(resourceFile, src string, err error) Problem {
	rest, found := strings.CutPrefix(err.Error(), "template: "+src+":")
	number, message, more := strings.Cut(rest, ":")
	line, notNumber := strconv.Atoi(number)
	if !found || !more || notNumber != nil {
		return Problem{resourceFile, 0, SeverityError, fmt.Sprintf("src %s: %v", src, err)}
	}
	return Problem{templateFile(src), line, SeverityError, strings.TrimSpace(message)}
}
