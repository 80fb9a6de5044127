package specs

import (
	"regexp"
	"strconv"
	"strings"
)

// portRange is one or more ports or ranges: "9000", "9000-9010", "80,443".
var portRange = regexp.MustCompile(`^[0-9]+([-,:~][0-9]+)*$`)

func (b *builder) endpoints(f *fields, c *Cluster) {
	v, ok := f.get("endpoints")
	if !ok {
		return
	}
	ef := b.object(v, "endpoints")
	if ef == nil {
		return
	}
	for _, m := range v.members {
		entry, ok := ef.get(m.key)
		if !ok || !b.keyName(entry, ef.at(m.key), "endpoint", m.key) {
			continue
		}
		one := b.object(entry, ef.at(m.key))
		if one == nil {
			continue
		}
		if m.key == "reserved_ips" {
			c.ReservedIPs = b.reservedIPs(one)
			continue
		}
		e := Endpoint{Port: strings.TrimSpace(one.text("port")), Protocol: one.text("protocol")}
		if e.Protocol == "" {
			e.Protocol = "tcp"
		}
		b.checkPort(one, e, c)
		if c.Endpoints == nil {
			c.Endpoints = map[string]Endpoint{}
		}
		c.Endpoints[m.key] = e
	}
}

func (b *builder) reservedIPs(f *fields) map[string]string {
	if n := len(f.obj.members); n > maxReserved {
		b.fail(f.obj, f.path, "%d names; a cluster has at most %d reserved ips", n, maxReserved)
		return nil
	}
	out := map[string]string{}
	for _, m := range f.obj.members {
		if !b.keyName(m.value, f.at(m.key), "reserved ip", m.key) {
			continue
		}
		if m.value.kind != kindObject {
			out[m.key] = f.text(m.key)
		} else {
			out[m.key] = b.object(m.value, f.at(m.key)).text("value")
		}
		if out[m.key] == "" {
			b.warn(m.value, f.at(m.key), "no value: Drover allocates no addresses yet, so the key is absent and templates that read it fail; give it an address")
		}
	}
	return out
}

func (b *builder) checkPort(f *fields, e Endpoint, c *Cluster) {
	v, ok := f.get("port")
	if !ok || e.Port == "" {
		b.warn(f.obj, f.at("port"), "no port given")
		return
	}
	if portRange.MatchString(e.Port) {
		for _, part := range strings.FieldsFunc(e.Port, func(r rune) bool { return r < '0' || r > '9' }) {
			if n, err := strconv.Atoi(part); err != nil || n > 65535 {
				b.fail(v, f.at("port"), "%s is not a port: from 0 to 65535", part)
			}
		}
		return
	}
	role, key, isRef := c.portReference(e.Port)
	if !isRef {
		b.fail(v, f.at("port"), `%q is not a port: a number, "env.KEY", "ROLE.env.KEY" or a range`, e.Port)
		return
	}
	port, found := c.ResolvePort(e.Port)
	switch {
	case !found && role == "":
		b.fail(v, f.at("port"), "%q refers to an env key that is not in cluster.json: %q", e.Port, key)
	case !found:
		b.fail(v, f.at("port"), "%q refers to an env key that is not in role %s: %q", e.Port, role, key)
	case !portRange.MatchString(port):
		b.warn(v, f.at("port"), "%s resolves to %q, which is not a port", e.Port, port)
	}
}

// portReference takes "env.KEY" and "ROLE.env.KEY" apart; the role must exist for the latter.
func (c *Cluster) portReference(port string) (role, key string, ok bool) {
	if key, ok := strings.CutPrefix(port, "env."); ok {
		return "", key, true
	}
	for _, r := range c.Roles {
		if key, ok := strings.CutPrefix(port, r.Name+".env."); ok && r.Name != "" {
			return r.Name, key, true
		}
	}
	return "", "", false
}

// ResolvePort gives what an endpoint's port stands for now: the value of the env key it names, or itself. A bare
// "env.KEY" is looked up in the cluster's env, then in the env of the roles in their order. False: there is no such key.
func (c *Cluster) ResolvePort(port string) (string, bool) {
	role, key, isRef := c.portReference(port)
	if !isRef {
		return port, true
	}
	if role != "" {
		v, ok := c.RoleEnv(role)[key]
		return v, ok
	}
	if v, ok := c.Env[key]; ok {
		return v, true
	}
	for _, r := range c.Roles {
		if v, ok := r.Env[key]; ok {
			return v, true
		}
	}
	return "", false
}
