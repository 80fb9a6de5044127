package specs

import (
	"fmt"

	agentapi "drover/agent/api"
)

// merged lays a role's object over the cluster's, key by key. The place is the one messages talk about.
func (b *builder) merged(f *fields, key string, cluster *value) *fields {
	own, hasOwn := f.get(key)
	var layers []*value
	path := key
	if cluster != nil && cluster.kind != kindNull {
		layers = append(layers, cluster)
	}
	if hasOwn {
		layers = append(layers, own)
		path = f.at(key)
	}
	if len(layers) == 0 {
		return nil
	}
	out := &value{kind: kindObject, offset: layers[len(layers)-1].offset, index: map[string]int{}}
	for _, l := range layers {
		if b.object(l, path) == nil {
			continue
		}
		for _, m := range l.members {
			if i, ok := out.index[m.key]; ok {
				out.members[i] = m
				continue
			}
			out.index[m.key] = len(out.members)
			out.members = append(out.members, m)
		}
	}
	return &fields{b: b, obj: out, path: path, known: map[string]bool{}}
}

func (b *builder) healthCheck(f *fields, cluster *value) *agentapi.HealthCheck {
	h := b.merged(f, "health_check", cluster)
	if h == nil {
		return nil
	}
	out := &agentapi.HealthCheck{
		Enable:             h.flag("enable", false),
		IntervalSec:        h.integer("interval_sec", 60, 1, maxInt),
		TimeoutSec:         h.integer("timeout_sec", 10, 1, MaxTimeout),
		ActionTimeoutSec:   h.integer("action_timeout_sec", 30, 1, MaxTimeout),
		HealthyThreshold:   h.integer("healthy_threshold", 3, 1, maxInt),
		UnhealthyThreshold: h.integer("unhealthy_threshold", 3, 1, maxInt),
		CheckCmd:           h.text("check_cmd"),
		ActionCmd:          h.text("action_cmd"),
	}
	if out.Enable && out.CheckCmd == "" {
		b.fail(h.obj, h.at("check_cmd"), "missing: an enabled health check needs a command")
	}
	if out.Enable && out.ActionCmd == "" {
		b.warn(h.obj, h.at("action_cmd"), "missing: an unhealthy node is reported, without an action")
	}
	return out
}

func (b *builder) monitor(f *fields, cluster *value) *Monitor {
	m := b.merged(f, "monitor", cluster)
	if m == nil {
		return nil
	}
	out := &Monitor{
		Enable: m.flag("enable", false), Cmd: m.text("cmd"),
		Items: m.raw("items"), Groups: m.raw("groups"), Display: m.raw("display"), Alarm: m.raw("alarm"),
	}
	if out.Enable && out.Cmd == "" {
		b.warn(m.obj, m.at("cmd"), "missing: a monitor without a command measures nothing")
	}
	b.monitorNames(m)
	return out
}

// monitorNames checks that groups, display and alarm name things that exist.
func (b *builder) monitorNames(m *fields) {
	items, _ := m.get("items")
	groups, _ := m.get("groups")
	known := func(e *value, withGroups bool) bool {
		_, ok := items.member(e.text)
		if !ok && withGroups {
			_, ok = groups.member(e.text)
		}
		return ok
	}
	check := func(list *value, path string, withGroups bool) {
		if list.kind != kindList {
			b.warn(list, path, "expected a list of names, found a %s", list.kind)
			return
		}
		for i, e := range list.elems {
			if e.kind == kindString && !known(e, withGroups) {
				b.warn(e, fmt.Sprintf("%s[%d]", path, i), "%q is not an item of the monitor", e.text)
			}
		}
	}
	if groups != nil && groups.kind == kindObject {
		for _, g := range groups.members {
			check(g.value, join(m.at("groups"), g.key), false)
		}
	}
	for _, key := range []string{"display", "alarm"} {
		if v, ok := m.get(key); ok {
			check(v, m.at(key), key == "display")
		}
	}
	if items == nil || items.kind != kindObject {
		return
	}
	for _, it := range items.members {
		if t, ok := it.value.member("value_type"); ok && t.text != "int" && t.text != "str" {
			b.warn(t, join(m.at("items"), it.key+".value_type"), `expected "int" or "str", found %s`, t.raw())
		}
	}
}
