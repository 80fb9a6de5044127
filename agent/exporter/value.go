package exporter

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// numberOf reads a number, also one that a command printed as text, and truth as 1 and 0.
func numberOf(raw json.RawMessage) (float64, bool) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return 0, false
	}
	switch v := v.(type) {
	case float64:
		return v, true
	case bool:
		return truth(v), true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

// textOf reads a text, or a number as one.
func textOf(raw json.RawMessage) (string, bool) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return "", false
	}
	text, ok := v.(string)
	if !ok {
		if _, number := v.(float64); !number {
			return "", false
		}
		text = string(raw)
	}
	text = strings.ToValidUTF8(text, "?")
	if runes := []rune(text); len(runes) > textLimit {
		text = string(runes[:textLimit])
	}
	return text, true
}
