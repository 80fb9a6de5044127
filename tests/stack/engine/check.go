package engine

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Check says whether the engine can really run a container of the image in a network: in some surroundings (another
// container) it starts, and no container does.
func Check(ctx context.Context, c *client.Client, image string) (failed error) {
	const name = "drover-check"
	keep := func(err error) {
		if failed == nil {
			failed = err
		}
	}
	subnet, err := netip.ParsePrefix(FreeRange())
	if err != nil {
		return err
	}
	_, err = c.NetworkCreate(ctx, name, client.NetworkCreateOptions{Driver: "bridge", IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet}}}})
	if err != nil {
		return fmt.Errorf("make a network: %w", err)
	}
	defer func() {
		_, err := c.NetworkRemove(ctx, name, client.NetworkRemoveOptions{})
		keep(err)
	}()
	made, err := c.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: name, Config: &container.Config{Image: image, User: "0", Entrypoint: []string{"/bin/sh", "-c", "exit 0"}},
		HostConfig: &container.HostConfig{NetworkMode: name, Resources: container.Resources{Memory: 64 << 20, CPUPeriod: 100_000, CPUQuota: 100_000}},
	})
	if err != nil {
		return fmt.Errorf("make a container: %w", err)
	}
	defer func() {
		_, err := c.ContainerRemove(ctx, made.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		keep(err)
	}()
	if _, err := c.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start a container: %w", err)
	}
	end := c.ContainerWait(ctx, made.ID, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case err := <-end.Error:
		return fmt.Errorf("wait for a container: %w", err)
	case r := <-end.Result:
		if r.StatusCode != 0 {
			return fmt.Errorf("a container ended with exit code %d", r.StatusCode)
		}
	}
	return nil
}
