package fakeprovider

import (
	"context"
	"fmt"
	"slices"

	"drover/fault"
	"drover/providers"
)

// CheckCapacity implements providers.Capacity. It is not among the calls: it changes nothing.
func (p *Provider) CheckCapacity(_ context.Context, d providers.Demand) (providers.Shortage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out providers.Shortage
	if free := p.options.Addresses - len(p.addresses); p.options.Addresses > 0 && free < len(d.New) {
		out.Problems = append(out.Problems, fmt.Sprintf("%d addresses are needed, and %d are free", len(d.New), free))
	}
	for _, s := range slices.Concat(d.New, d.Resized) {
		if text := p.tooLarge(s.Size); text != "" && !slices.Contains(out.Problems, text) {
			out.Problems = append(out.Problems, text)
		}
	}
	if free := p.options.Disk - p.stored(); p.options.Disk > 0 && free < d.VolumeGiB {
		text := fmt.Sprintf("volumes take %d GiB more, and %d GiB are free", d.VolumeGiB, free)
		if p.Capabilities().EnforcesVolume {
			out.Problems = append(out.Problems, text)
		} else {
			out.Warnings = append(out.Warnings, text)
		}
	}
	return out, nil
}

func (p *Provider) tooLarge(size providers.Size) string {
	if !p.Capabilities().EnforcesMemory || p.options.Memory == 0 || size.Memory <= p.options.Memory {
		return ""
	}
	return fmt.Sprintf("a node needs %d MiB of memory, and the machine has %d MiB", size.Memory, p.options.Memory)
}

// stored is the size of all volumes in GiB. The caller holds the mutex.
func (s *state) stored() (sum int) {
	for _, v := range s.volumes {
		sum += v.spec.SizeGiB
	}
	return sum
}

func full(format string, args ...any) error { return fault.New(fault.NoCapacity, format, args...) }
