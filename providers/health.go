package providers

import "context"

// Checker is implemented by providers that can say whether they work right now. Making, changing and releasing nothing,
// Check returns a fault that says what is wrong and what to do.
type Checker interface {
	Check(ctx context.Context) error
}

// Images is implemented by providers that boot images. CheckImage changes nothing and returns a fault when an instance could not get
// the image: operations ask before they stop anything for it.
type Images interface {
	CheckImage(ctx context.Context, name string) error
}

// Hosts is implemented by providers that were given their machines.
type Hosts interface {
	// Hosts lists the machines and who has them.
	Hosts(ctx context.Context) ([]Host, error)
	// CheckHosts tests them, or those of another inventory: its file's name, for texts, and its text. What is wrong with a machine is in its Checks; the
	// error is for what kept it from testing.
	CheckHosts(ctx context.Context, file, inventory string) ([]Host, error)
}

// Host is a machine that was given to a provider.
type Host struct {
	Name, Address, User, Bastion string
	Roles                        []string
	Labels                       map[string]string
	// Tags and InstanceID say who has it; empty when it is free.
	Tags       Tags
	InstanceID string
	// State is free, preparing, running, off or releasing.
	State  string
	Checks []HostCheck
}

// HostCheck is one test of a machine; Hint says what to do when it failed.
type HostCheck struct {
	Name   string
	OK     bool
	Detail string
	Hint   string
}
