package metadata

import "strings"

// endpoints publishes cluster/endpoints. Port references follow the env because every change builds the whole tree.
func (b *builder) endpoints() {
	for name, e := range b.spec.Endpoints {
		if !b.name("endpoint", name) {
			continue
		}
		port, ok := b.port(e.Port)
		if !ok {
			b.problem("endpoint %s: port %q refers to an env key that does not exist", name, e.Port)
			continue
		}
		b.put(port, "cluster", "endpoints", name, "port")
		b.put(e.Protocol, "cluster", "endpoints", name, "protocol")
	}
	for name, value := range b.spec.ReservedIPs {
		if value != "" && b.name("reserved ip", name) {
			b.put(value, "cluster", "endpoints", "reserved_ips", name, "value")
		}
	}
}

// port resolves "env.KEY" and "ROLE.env.KEY"; digits, ranges and other text are returned unchanged. Roles and keys may
// contain dots, so names are matched as a whole instead of splitting the text.
func (b *builder) port(text string) (string, bool) {
	reference := false
	if key, ok := strings.CutPrefix(text, "env."); ok {
		reference = true
		if value, ok := b.clusterEnv()[key]; ok {
			return value, true
		}
	}
	for _, role := range b.spec.Roles {
		if key, ok := strings.CutPrefix(text, role.Name+".env."); ok {
			reference = true
			if value, ok := b.spec.RoleEnv(role.Name)[key]; ok {
				return value, true
			}
		}
	}
	return text, !reference && !strings.Contains(text, ".env.")
}
