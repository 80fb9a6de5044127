package providers

import "context"

// Capacity is implemented by providers that know in advance whether they have room for a change. CheckCapacity changes and reserves
// nothing: what is free may be taken a moment later. Operations ask once, before they stop or make anything.
type Capacity interface {
	CheckCapacity(ctx context.Context, d Demand) (Shortage, error)
}

// Demand is what an operation will need.
type Demand struct {
	// New are instances to make. Resized are instances that exist, with the size that they get.
	New, Resized []InstanceSpec
	// VolumeGiB is how much volumes grow in all, those to make included.
	VolumeGiB int
}

// Shortage is what a provider lacks for a demand, in words that name the value.
type Shortage struct {
	Problems []string // the change would fail
	Hint     string   // what makes room, where the provider knows better than to delete something or ask for less
	Warnings []string // it may fail later: the provider does not enforce what it lacks
}
