package specs

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// violations lists what a converted value breaks of the item's range, min, max, step and pattern: each as a phrase that
// says what is allowed.
func (it *Item) violations(v any) []string {
	var out []string
	if it.Range != nil && !it.inRange(v) {
		out = append(out, "the allowed values are "+it.choices())
	}
	if n, ok := v.(json.Number); ok {
		out = append(out, it.numberViolations(n)...)
	}
	if it.pattern != nil {
		switch t := v.(type) {
		case string, json.Number, bool:
			found, err := it.pattern.match(textOf(t))
			switch {
			case err != nil:
				out = append(out, fmt.Sprintf("the pattern %s: %v", brief(it.Pattern), err))
			case !found:
				out = append(out, "it must match the pattern "+brief(it.Pattern))
			}
		}
	}
	return out
}

// least is the smallest whole number the item's min and range allow; false when they say nothing. Never below 0: it is
// asked for counts.
func (it *Item) least() (int, bool) {
	lo, bounded := rational(it.Min.String())
	var least *big.Rat
	for _, r := range it.Range {
		if n, ok := rational(textOf(r)); ok && (!bounded || n.Cmp(lo) >= 0) && (least == nil || n.Cmp(least) < 0) {
			least = n
		}
	}
	if least == nil {
		least = lo
	}
	if least == nil {
		return 0, false
	}
	n, _ := least.Float64()
	return int(math.Ceil(min(max(n, 0), MaxNodes))), true
}

func (it *Item) inRange(v any) bool {
	switch t := v.(type) {
	case nil:
		return true
	case []any:
		for _, e := range t {
			if !it.allows(textOf(e)) {
				return false
			}
		}
		return true
	case string:
		if it.MultiChoice {
			return it.choiceInRange(t)
		}
	}
	return it.allows(textOf(v))
}

// choiceInRange checks the parts of a joined value. An empty value selects nothing, which is allowed unless the item is required.
func (it *Item) choiceInRange(joined string) bool {
	if joined == "" {
		return !it.Required || it.allows("")
	}
	for _, part := range strings.Split(joined, it.Separator) {
		if !it.allows(part) && !it.allows(strings.TrimSpace(part)) {
			return false
		}
	}
	return true
}

func (it *Item) allows(text string) bool { return it.rangeTexts[text] }

func (it *Item) numberViolations(n json.Number) []string {
	x, ok := rational(n.String())
	if !ok {
		return []string{"it is not a comparable number"}
	}
	var out []string
	lo, hasLo := rational(it.Min.String())
	hi, hasHi := rational(it.Max.String())
	if hasLo && x.Cmp(lo) < 0 || hasHi && x.Cmp(hi) > 0 {
		switch {
		case hasLo && hasHi:
			out = append(out, fmt.Sprintf("it must be from %s to %s", it.Min, it.Max))
		case hasLo:
			out = append(out, fmt.Sprintf("it must be at least %s", it.Min))
		default:
			out = append(out, fmt.Sprintf("it must be at most %s", it.Max))
		}
	}
	if step, ok := rational(it.Step.String()); ok && step.Sign() > 0 {
		base := new(big.Rat)
		if hasLo {
			base = lo
		}
		steps := new(big.Rat).Quo(new(big.Rat).Sub(x, base), step)
		if !steps.IsInt() {
			if hasLo {
				out = append(out, fmt.Sprintf("it must be %s plus a multiple of %s", it.Min, it.Step))
			} else {
				out = append(out, fmt.Sprintf("it must be a multiple of %s", it.Step))
			}
		}
	}
	return out
}

// choices shows the range, shortened when it is long.
func (it *Item) choices() string {
	const most = 20
	if it.Secret() {
		return fmt.Sprintf("%d values (hidden)", len(it.Range))
	}
	var parts []string
	for _, r := range it.Range {
		if len(parts) == most {
			parts = append(parts, fmt.Sprintf("... (%d in all)", len(it.Range)))
			break
		}
		parts = append(parts, brief(string(EncodeJSON(r))))
	}
	text := strings.Join(parts, ", ")
	if it.MultiChoice {
		text += fmt.Sprintf(", one or more joined with %q", it.Separator)
	}
	return text
}

// allowed describes a good value of the item, for messages about a missing one.
func (it *Item) allowed() string {
	parts := []string{it.Type}
	if it.Range != nil {
		parts = append(parts, "one of "+it.choices())
	}
	if it.Min != "" {
		parts = append(parts, "at least "+it.Min.String())
	}
	if it.Max != "" {
		parts = append(parts, "at most "+it.Max.String())
	}
	if it.Step != "" {
		parts = append(parts, "in steps of "+it.Step.String())
	}
	if it.Pattern != "" {
		parts = append(parts, "matching "+brief(it.Pattern))
	}
	return strings.Join(parts, ", ")
}

// shown is a value as messages may print it: never that of a password.
func (it *Item) shown(v any) string {
	if it.Secret() {
		return "(hidden)"
	}
	plain, err := plainData(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	return brief(string(EncodeJSON(plain)))
}
