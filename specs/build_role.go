package specs

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// maxMountPoints is how many volumes a node can have.
const maxMountPoints = 3

func (b *builder) role(f *fields, health, monitor *value) Role {
	r := Role{Extra: map[string]json.RawMessage{}}
	r.Name = f.text("role")
	r.Container = b.container(f, r.Extra)
	r.Items = b.sizeItems(f)
	r.Count = f.required("count", 0, -1)
	r.MinCount = b.minCount(f, r.Count)
	r.CPU = f.required("cpu", 1, 0)
	r.Memory = f.required("memory", 1, 0)
	r.GPU = f.integer("gpu", 0, 0, maxInt)
	if v, ok := f.get("gpu"); ok && r.GPU > 0 {
		b.warn(v, f.at("gpu"), "no provider has GPUs yet: this role cannot be created with one")
	}
	r.Replica = f.integer("replica", 0, 0, maxInt)
	r.InstanceClass = f.text("instance_class")
	r.VolumeClass = f.text("volume_class")
	r.GPUClass = f.text("gpu_class")
	r.Zone = f.text("zone")
	r.Volume = b.volume(f, r.Extra)
	if r.Volume != nil && r.VolumeClass == "" {
		r.VolumeClass = r.Volume.Class
	} else if r.Volume != nil && r.Volume.Class == "" {
		r.Volume.Class = r.VolumeClass
	}
	r.Passphraseless = f.choice("passphraseless", "", "ssh-rsa", "ssh-dsa")
	r.VerticalScalingPolicy = f.choice("vertical_scaling_policy", "parallel", "sequential")
	r.UserAccess = f.flag("user_access", false)
	r.AgentInstalled = f.flag("agent_installed", true)
	r.ServerIDUpperBound = f.integer("server_id_upper_bound", 0, 1, maxInt)
	if n := r.Count * (1 + r.Replica); r.ServerIDUpperBound > 0 && n > r.ServerIDUpperBound {
		v, _ := f.get("server_id_upper_bound")
		b.fail(v, f.at("server_id_upper_bound"), "the role has %d nodes, but server ids end at %d", n, r.ServerIDUpperBound)
	}
	r.Services = b.services(f, r.Count*(1+r.Replica))
	r.Env = f.env("env")
	r.AdvancedActions = f.actions()
	r.HealthCheck = b.healthCheck(f, health)
	r.Monitor = b.monitor(f, monitor)
	r.CustomMetadata = b.customMetadata(f)
	r.LoadBalancer = f.raw("loadbalancer")
	f.extra("", r.Extra)
	if len(r.Extra) == 0 {
		r.Extra = nil
	}
	return r
}

// required reads an integer that must be there; bad is returned when it is not.
func (f *fields) required(key string, lo, bad int) int {
	if _, ok := f.get(key); !ok {
		f.b.fail(f.obj, f.at(key), "missing: every entry of nodes needs a %s", key)
		return bad
	}
	return f.integer(key, bad, lo, maxInt)
}

// sizeItems remembers where the count and the sizes of a role come from: operations change them.
func (b *builder) sizeItems(f *fields) map[string]string {
	out := map[string]string{}
	note := func(name string, v *value) {
		if it, ok := b.item(v); ok {
			out[name] = it.Path
		}
	}
	for _, key := range []string{ItemCount, ItemCPU, ItemMemory} {
		if v, ok := f.obj.member(key); ok {
			note(key, v)
		}
	}
	volume, _ := f.obj.member("volume")
	if v, ok := volume.member("size"); ok {
		note(ItemVolumeSize, v)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// minCount is the least the configuration allows for the role's count: min or the smallest of the range of the item the
// count is taken from. Where it says nothing a role keeps one node, unless it was created without.
func (b *builder) minCount(f *fields, count int) int {
	usual := min(max(count, 0), 1)
	v, ok := f.get("count")
	if !ok {
		return usual
	}
	it, ok := b.item(v)
	if !ok {
		return usual
	}
	if least, ok := it.least(); ok {
		return least
	}
	if it.HasDefault && textOf(it.Default) == "0" {
		return 0
	}
	return usual
}

// container reads what a node boots from. Keys Drover has no use for are kept as "container.<key>".
func (b *builder) container(f *fields, extra map[string]json.RawMessage) Container {
	v, ok := f.get("container")
	if !ok {
		b.warn(f.obj, f.at("container"), "missing: providers that boot nodes from images cannot create this role")
		return Container{}
	}
	cf := b.object(v, f.at("container"))
	if cf == nil {
		return Container{}
	}
	c := Container{Type: cf.text("type"), Image: cf.text("image"), Zone: cf.text("zone")}
	if c.Image == "" {
		b.warn(v, cf.at("image"), "missing: providers that boot nodes from images cannot create this role")
	}
	cf.extra("container.", extra)
	return c
}

// volume reads the storage of a node; nil when it has none. Other keys are kept as "volume.<key>".
func (b *builder) volume(f *fields, extra map[string]json.RawMessage) *Volume {
	v, ok := f.get("volume")
	if !ok {
		return nil
	}
	vf := b.object(v, f.at("volume"))
	if vf == nil {
		return nil
	}
	out := &Volume{
		MountPoints:  b.mountPoints(vf),
		Filesystem:   vf.text("filesystem"),
		MountOptions: vf.text("mount_options"),
		Class:        vf.text("class"),
	}
	size, ok := vf.get("size")
	if !ok {
		b.fail(v, vf.at("size"), "missing: a volume needs a size in GiB")
		return out
	}
	out.Size = vf.integer("size", -1, 0, maxInt)
	vf.extra("volume.", extra)
	switch n := len(out.MountPoints); {
	case out.Size == 0:
		b.warn(size, vf.at("size"), "size 0: nodes of this role get no volume")
		return nil
	case out.Size > 0 && out.Size < n:
		b.fail(size, vf.at("size"), "%d GiB cannot be split over %d mount points", out.Size, n)
	case out.Size > 0 && out.Size%n != 0:
		b.warn(size, vf.at("size"), "%d GiB do not split evenly over %d mount points", out.Size, n)
	}
	return out
}

func (b *builder) mountPoints(f *fields) []string {
	v, ok := f.get("mount_point")
	if !ok {
		return []string{"/data"}
	}
	var out []string
	if v.kind == kindList {
		out = f.texts("mount_point")
	} else if text := f.text("mount_point"); text != "" {
		out = []string{text}
	}
	if len(out) == 0 {
		return []string{"/data"}
	}
	if len(out) > maxMountPoints {
		b.fail(v, f.at("mount_point"), "%d mount points; a node has at most %d", len(out), maxMountPoints)
	}
	for i, m := range out {
		if !strings.HasPrefix(m, "/") || strings.Contains(m+"/", "/../") || strings.ContainsAny(m, " \t\r\n") {
			b.fail(v, f.at("mount_point"), "%q is not a mount point: expected an absolute path below /", m)
			continue
		}
		at := path.Clean(m)
		node, host := MountProblem(at), HostMountProblem(at)
		switch {
		case node != "" && host != "":
			b.fail(v, f.at("mount_point"), "%q is not a mount point: it %s", m, node)
		case node != "":
			b.warn(v, f.at("mount_point"), "%q %s of nodes that boot from an image: only provider static can create this role", m, node)
		case host != "":
			b.warn(v, f.at("mount_point"), "%q %s of hosts: provider static cannot create this role", m, host)
		}
		if slices.Contains(out[:i], at) {
			b.fail(v, f.at("mount_point"), "duplicate mount point %q", m)
		}
		out[i] = at
	}
	return out
}

func (b *builder) customMetadata(f *fields) *CustomMetadata {
	v, ok := f.get("custom_metadata")
	if !ok {
		return nil
	}
	cf := b.object(v, f.at("custom_metadata"))
	if cf == nil {
		return nil
	}
	out := &CustomMetadata{Cmd: cf.text("cmd")}
	if out.Cmd == "" {
		b.fail(v, cf.at("cmd"), "missing: custom_metadata needs a command that prints the node's token")
	}
	return out
}

func (b *builder) services(f *fields, count int) map[string]Service {
	v, ok := f.get("services")
	if !ok {
		return nil
	}
	if v.kind != kindObject {
		b.fail(v, f.at("services"), "expected an object, found a %s", v.kind)
		return nil
	}
	out := make(map[string]Service, len(v.members))
	for _, m := range v.members {
		path := join(f.at("services"), m.key)
		if m.value.kind == kindNull {
			continue
		}
		if sf := b.object(m.value, path); sf != nil {
			out[m.key] = b.service(sf, m.key, count)
		}
	}
	return out
}

// MaxTimeout is the longest a service may run, in seconds.
const MaxTimeout = 86400

// DefaultTimeout is how long a service may run that does not say so, in seconds.
const DefaultTimeout = 600

func (b *builder) service(f *fields, name string, count int) Service {
	s := Service{
		Name:             name,
		Cmd:              f.text("cmd"),
		Order:            f.integer("order", 0, 0, maxInt),
		NodesToExecuteOn: f.integer("nodes_to_execute_on", 0, 0, maxInt),
		Timeout:          f.integer("timeout", DefaultTimeout, 1, MaxTimeout),
		PreCheck:         f.text("pre_check"),
		PostStartService: f.flag("post_start_service", false),
		PostStopService:  f.flag("post_stop_service", false),
		AllowForce:       f.flag("allow_force", true),
		Selector:         f.text("selector"),
		ServiceParams:    f.raw("service_params"),
		ParamItems:       b.paramItems(f),
		Extra:            map[string]json.RawMessage{},
	}
	switch kind := f.text("type"); kind {
	case "":
	case "custom":
		s.Custom = true
	default:
		v, _ := f.get("type")
		b.warn(v, f.at("type"), `unknown type %q; the only type is "custom"`, kind)
	}
	f.extra("", s.Extra)
	if len(s.Extra) == 0 {
		s.Extra = nil
	}
	b.serviceOddities(f, s, count)
	return s
}

func (b *builder) serviceOddities(f *fields, s Service, count int) {
	if v, ok := f.get("nodes_to_execute_on"); ok && count > 0 && s.NodesToExecuteOn > count {
		b.warn(v, f.at("nodes_to_execute_on"), "%d nodes, but the role has %d (including replicas); the service runs on all of them", s.NodesToExecuteOn, count)
	}
	if v, ok := f.get("service_params"); ok && v.kind != kindObject {
		b.warn(v, f.at("service_params"), "expected an object of parameters, found a %s", v.kind)
	}
	if v, ok := f.get("service_params"); ok {
		for _, m := range v.members {
			if it, ok := b.item(m.value); ok && it.Secret() {
				b.warn(m.value, f.at("service_params")+"."+m.key, "is a password, and reaches the command as a part of its argument: "+
					"every user of the node can read the arguments of a program while it runs; let cmd begin with a shell function that passes it on by standard input")
			}
		}
	}
	if s.Custom && Standard(s.Name) {
		b.warn(f.obj, f.at("type"), "%s is a standard service; type custom lets users run it manually", s.Name)
	}
	if v, ok := f.get("post_start_service"); ok && s.PostStartService && s.Name != "init" && s.Name != "upgrade" {
		b.warn(v, f.at("post_start_service"), "has no effect for %s, only for init and upgrade", s.Name)
	}
	for _, key := range []string{"post_stop_service", "allow_force"} {
		if v, ok := f.get(key); ok && s.Name != "destroy" {
			b.warn(v, f.at(key), "has no effect for %s, only for destroy", s.Name)
		}
	}
	if s.Custom && strings.TrimSpace(s.Cmd) == "" {
		b.lint(f.obj, f.at("cmd"), "custom service %q has no command; it always succeeds", s.Name)
	}
}
