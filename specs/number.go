package specs

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// shortest gives the shortest usual form of a JSON number: 1.0 is "1", 2.50 is "2.5", 1e3 is "1000". Integers of any
// length keep their digits. False when it is not a number this program can hold.
func shortest(text string) (string, bool) {
	if isInteger(text) {
		neg := strings.HasPrefix(text, "-")
		digits := strings.TrimLeft(strings.TrimLeft(text, "+-"), "0")
		if digits == "" {
			return "0", true
		}
		if neg {
			digits = "-" + digits
		}
		return digits, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(text, "xX_pPiInN") {
		return "", false
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10), true
	}
	out, err := json.Marshal(f)
	return string(out), err == nil
}

// isInteger says whether text is an optionally signed row of digits.
func isInteger(text string) bool {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	if text == "" {
		return false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// rational gives a number exactly, so that 0.1 steps from 0.4 to 0.7 count right. The exponent is bounded by float64.
func rational(text string) (*big.Rat, bool) {
	short, ok := shortest(text)
	if !ok || len(short) > 400 {
		return nil, false
	}
	return new(big.Rat).SetString(short)
}

// textOf is a plain value as env text and in comparisons with a range: booleans true and false, numbers in shortest
// form, lists joined with commas, null empty. Objects become compact JSON.
func textOf(v any) string {
	switch t := v.(type) {
	case nil:
		return ""
	case string:
		return t
	case bool:
		return strconv.FormatBool(t)
	case json.Number:
		if s, ok := shortest(t.String()); ok {
			return s
		}
		return t.String()
	case []any:
		parts := make([]string, len(t))
		for i, e := range t {
			parts[i] = textOf(e)
		}
		return strings.Join(parts, ",")
	}
	return string(EncodeJSON(v))
}
