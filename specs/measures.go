package specs

import (
	"encoding/json"
	"strconv"

	agentapi "drover/agent/api"
)

// Measures is a monitor for those who serve or show its values: its items in the order of the package, and which of them
// belong together.
type Measures struct {
	Items []agentapi.MonitorItem
	// Groups are shown as one; Display is the order of groups and items, Alarm the items that are worth an alarm.
	Groups         map[string][]string
	Display, Alarm []string
	// Statistics is the statistics_type of an item: min, max, avg, delta, rate, mode, median or latest.
	Statistics map[string]string
	// Enums are the values that a text item may have, if the package says so.
	Enums map[string][]string
}

// Measures reads the items of a monitor. What cannot be read is left out: lint names it. There are at most
// agentapi.MonitorItems items.
func (m *Monitor) Measures() Measures {
	out := Measures{Groups: map[string][]string{}, Statistics: map[string]string{}, Enums: map[string][]string{}}
	if m == nil {
		return out
	}
	items, _, err := parseDocument(orEmptyObject(m.Items))
	if err != nil {
		return out
	}
	seen := map[string]bool{}
	for _, member := range items.members {
		if len(out.Items) == agentapi.MonitorItems {
			break
		}
		text := func(key string) string {
			v, ok := member.value.member(key)
			if !ok || v.kind != kindString {
				return ""
			}
			return v.text
		}
		statistics := text("statistics_type")
		item := agentapi.MonitorItem{
			Name: member.key, Unit: text("unit"), Text: text("value_type") == "str", Counter: statistics == "delta" || statistics == "rate",
		}
		if v, ok := member.value.member("scale_factor_when_display"); ok {
			if scale, err := strconv.ParseFloat(v.text, 64); err == nil && scale != 1 {
				item.Scale = scale
			}
		}
		if seen[item.Metric()] {
			continue // two names that differ in signs alone
		}
		seen[item.Metric()] = true
		out.Items = append(out.Items, item)
		out.Statistics[item.Name] = statistics
		if v, ok := member.value.member("enums"); ok {
			for _, e := range v.elems {
				out.Enums[item.Name] = append(out.Enums[item.Name], e.text)
			}
		}
	}
	_ = json.Unmarshal(orEmptyObject(m.Groups), &out.Groups)
	_ = json.Unmarshal(m.Display, &out.Display)
	_ = json.Unmarshal(m.Alarm, &out.Alarm)
	return out
}

func orEmptyObject(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}
