package builder

import (
	"encoding/json"
	"maps"
	"strings"

	"drover/specs"
)

// Object is a piece of cluster.json or config.json.
type Object = map[string]any

// Role is an entry of nodes in cluster.json. Its methods return a changed copy.
type Role struct{ fields Object }

// NewRole is a role of so many nodes, small, with a volume at /data. "" is the role of packages without roles.
func NewRole(name string, count any) Role {
	fields := Object{"count": count, "cpu": 1, "memory": 256, "volume": Object{"size": 1, "mount_point": "/data"}}
	if name != "" {
		fields["role"] = name
	}
	return Role{fields}
}

// Set sets a field; nil removes it.
func (r Role) Set(key string, value any) Role {
	fields := maps.Clone(r.fields)
	fields[key] = value
	if value == nil {
		delete(fields, key)
	}
	return Role{fields}
}

// Boots sets the container.
func (r Role) Boots(kind, image string) Role {
	return r.Set("container", Object{"type": kind, "image": image})
}

// Service defines one service by its attributes.
func (r Role) Service(name string, attributes Object) Role {
	services := Object{}
	if before, ok := r.fields["services"].(Object); ok {
		services = maps.Clone(before)
	}
	services[name] = attributes
	return r.Set("services", services)
}

// Shell defines services by their commands.
func (r Role) Shell(commands map[string]string) Role {
	for name, cmd := range commands {
		service := Object{"cmd": cmd}
		if !specs.Standard(name) {
			service["type"] = "custom"
		}
		r = r.Service(name, service)
	}
	return r
}

// Runs defines services whose command is "PROGRAM NAME", each as "NAME [ATTRIBUTE=VALUE | ATTRIBUTE]...". Values are JSON, or
// else strings; an attribute without value is true, but pre_check and selector, which run "PROGRAM NAME.ATTRIBUTE".
func (r Role) Runs(program string, services ...string) Role {
	for _, text := range services {
		words := strings.Fields(text)
		service := Object{"cmd": program + " " + words[0]}
		for _, w := range words[1:] {
			key, value := attribute(w)
			if value == true && (key == "pre_check" || key == "selector") {
				value = program + " " + words[0] + "." + key
			}
			service[key] = value
		}
		r = r.Service(words[0], service)
	}
	return r
}

// attribute reads KEY=VALUE or KEY.
func attribute(word string) (key string, value any) {
	key, text, given := strings.Cut(word, "=")
	switch {
	case !given:
		return key, true
	case json.Unmarshal([]byte(text), &value) != nil:
		return key, text
	}
	return key, value
}
