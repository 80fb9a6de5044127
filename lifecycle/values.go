package lifecycle

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"

	"drover/specs"
)

// Values are configuration values by path. Numbers keep their digits: a float64 has room for 15.
type Values map[string]any

// UnmarshalJSON reads numbers as json.Number.
func (v *Values) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*map[string]any)(v))
}

// InForce are the values of a cluster as it is: counts and sizes follow the operations that changed them.
func (r *Record) InForce() Values {
	out := maps.Clone(r.Values)
	if out == nil {
		out = Values{}
	}
	for i := range r.Spec.Roles {
		role := &r.Spec.Roles[i]
		for key, n := range r.Sizes(role) {
			if path, ok := role.Items[key]; ok {
				out[path] = json.Number(strconv.Itoa(n))
			}
		}
	}
	return out
}

// Sizes are the count and the sizes of a role as they are, by key of its items.
func (r *Record) Sizes(role *specs.Role) map[string]int {
	count := 0
	for _, n := range r.Nodes {
		if n.Role == role.Name {
			count++
		}
	}
	sizes := map[string]int{specs.ItemCount: count, specs.ItemCPU: role.CPU, specs.ItemMemory: role.Memory}
	if role.Volume != nil {
		sizes[specs.ItemVolumeSize] = role.Volume.Size
	}
	return sizes
}

// Resize gives a role, its replicas and all their nodes a size.
func (r *Record) Resize(role string, s Size) {
	put := func(target *int, value int) {
		if value > 0 {
			*target = value
		}
	}
	members := map[string]bool{}
	for i := range r.Spec.Roles {
		of := &r.Spec.Roles[i]
		if of.Master() != role {
			continue
		}
		members[of.Name] = true
		put(&of.CPU, s.CPU)
		put(&of.Memory, s.Memory)
		if of.Volume != nil {
			put(&of.Volume.Size, s.VolumeSize)
		}
	}
	for i := range r.Nodes {
		if n := &r.Nodes[i]; members[n.Role] {
			put(&n.CPU, s.CPU)
			put(&n.Memory, s.Memory)
			if len(n.VolumeIDs) > 0 {
				put(&n.VolumeSize, s.VolumeSize)
			}
		}
	}
}

// Clone is a record of its own.
func (r *Record) Clone() (*Record, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	out := new(Record)
	return out, json.Unmarshal(data, out)
}
