package specs

var standardServices = map[string]bool{
	"init": true, "start": true, "stop": true, "restart": true, "destroy": true,
	"scale_out": true, "scale_in": true, "upgrade": true,
	"backup": true, "restore": true, "delete_snapshot": true,
}

// Standard says whether name is one of the services every package may define. Other names are custom services when
// they say so (type: "custom"), and hooks of the system otherwise.
func Standard(name string) bool { return standardServices[name] }
