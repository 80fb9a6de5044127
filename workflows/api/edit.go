package api

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// EditClusterInput changes what people note about a cluster: its name, its labels, and whether it is protected. It is not an
// operation: no node is touched, and it works while an operation runs. Absent fields stay as they are.
type EditClusterInput struct {
	ClusterID string `json:"cluster_id,omitempty"`
	// Name is the new name, unique among all clusters.
	Name string `json:"name,omitempty"`
	// Labels are added or replaced, those in RemoveLabels removed.
	Labels       map[string]string `json:"labels,omitempty"`
	RemoveLabels []string          `json:"remove_labels,omitempty"`
	// Protected: the cluster cannot be deleted, and no guard of its nodes can be overridden by force, until it is unprotected.
	Protected *bool `json:"protected,omitempty"`
	// Keep is how long the cluster stays in the recycle bin when it is deleted: "2h", "0" for not at all, "" as the worker says.
	Keep *string `json:"keep,omitempty"`
	// Maintenance: nothing is healed, and agents take no action, until it ends.
	Maintenance *bool `json:"maintenance,omitempty"`
	// Heal is the highest level of healing: action (the package's own alone), restart, repair or replace.
	Heal string `json:"heal,omitempty"`
}

// HealLevels are the levels of healing, in order.
var HealLevels = []string{"action", "restart", "repair", "replace"}

// ClusterDetails is what EditCluster returns: the fields that it can change, as they are now.
type ClusterDetails struct {
	ClusterID string            `json:"cluster_id"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	Protected bool              `json:"protected"`
	Keep      string            `json:"keep,omitempty"`
	// Maintenance is since when; empty: it is not in maintenance.
	Maintenance string `json:"maintenance,omitempty"`
	Heal        string `json:"heal,omitempty"`
}

// Limits of names and labels, in characters.
const (
	MaxName   = 63
	maxLabels = 32
)

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in EditClusterInput) Problems() []string {
	p := DescribeClusterInput{ClusterID: in.ClusterID}.Problems()
	if in.Name != "" {
		p = append(p, nameProblems(in.Name)...)
	}
	p = append(p, labelProblems(in.Labels)...)
	for _, key := range in.RemoveLabels {
		if !labelKey.MatchString(key) {
			p = append(p, fmt.Sprintf("remove_labels: %q is not the key of a label", key))
		}
		if _, both := in.Labels[key]; both {
			p = append(p, fmt.Sprintf("labels: %q is both set and removed", key))
		}
	}
	if in.Keep != nil {
		p = append(p, keepProblems(*in.Keep)...)
	}
	if in.Heal != "" && !slices.Contains(HealLevels, in.Heal) {
		p = append(p, fmt.Sprintf("heal: %q is not one of %s", in.Heal, strings.Join(HealLevels, ", ")))
	}
	if in.Name == "" && len(in.Labels) == 0 && len(in.RemoveLabels) == 0 && in.Protected == nil && in.Keep == nil && in.Maintenance == nil && in.Heal == "" {
		p = append(p, "one of name, labels, remove_labels, protected, keep, maintenance and heal is required")
	}
	return p
}

// NameProblem says why a cluster cannot have a name; "" when it can. Any script is fine. Ids are not names: a word
// that begins like an id always means the cluster with that id.
func NameProblem(name string) string {
	switch n := utf8.RuneCountInString(name); {
	case name == "":
		return "is empty"
	case n > MaxName:
		return fmt.Sprintf("has %d characters; the limit is %d", n, MaxName)
	case !utf8.ValidString(name):
		return "is not UTF-8 text"
	case strings.ContainsFunc(name, invisible):
		return "contains a control character"
	case strings.TrimSpace(name) != name:
		return "begins or ends with a space"
	case strings.HasPrefix(name, "-"):
		return "begins with a dash, like an option"
	case LooksLikeID(name):
		return "begins with cl-, like a cluster id"
	}
	return ""
}

// LooksLikeID reports whether a word can only mean a cluster's id, right or wrong.
func LooksLikeID(word string) bool { return strings.HasPrefix(strings.ToLower(word), clusterIDPrefix) }

// invisible are characters that make two names look alike or change a terminal: control and formatting characters.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}

func nameProblems(name string) []string {
	if why := NameProblem(name); why != "" {
		return []string{fmt.Sprintf("name: %q %s", name, why)}
	}
	return nil
}

var labelKey = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$`)

func labelProblems(labels map[string]string) []string {
	var p []string
	if len(labels) > maxLabels {
		p = append(p, fmt.Sprintf("labels: %d; a cluster has at most %d", len(labels), maxLabels))
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if !labelKey.MatchString(key) {
			p = append(p, fmt.Sprintf("labels: %q must have 1 to 63 letters, digits and . _ / - and begin and end with a letter or digit", key))
		}
		switch value := labels[key]; {
		case utf8.RuneCountInString(value) > MaxName:
			p = append(p, fmt.Sprintf("labels: the value of %q has more than %d characters", key, MaxName))
		case !utf8.ValidString(value) || strings.ContainsFunc(value, invisible):
			p = append(p, fmt.Sprintf("labels: the value of %q contains a control character", key))
		}
	}
	return p
}

// Edited are the labels of a cluster after the edit, and why there cannot be so many.
func (in EditClusterInput) Edited(labels map[string]string) (map[string]string, error) {
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	for _, key := range in.RemoveLabels {
		delete(out, key)
	}
	maps.Copy(out, in.Labels)
	if len(out) > maxLabels {
		return nil, fmt.Errorf("the cluster would have %d labels; the limit is %d", len(out), maxLabels)
	}
	return out, nil
}

// NamesCluster reports whether the values of a creation choose the cluster's name.
func (in CreateClusterInput) NamesCluster() bool {
	for _, path := range []string{"cluster.name", "name"} {
		if _, ok := in.Values[path]; ok {
			return true
		}
	}
	return false
}
