package workflows

import (
	"fmt"

	. "drover/lifecycle"
	"drover/workflows/api"
)

// deleteCluster is "Delete Cluster": DC1 to DC8. DC0, the permission, was checked when the operation began. A cluster
// half-way between two versions runs on every node what the version there defines.
func deleteCluster(c cluster, in api.DeleteClusterInput) procedure {
	p := c.mixed().deleteCluster(in.Force)
	if linked := c.begun.LinkedBy; len(linked) > 0 {
		p = p.warns(DC0, "forced past: other clusters link to it: "+TellLinks(linked))
	}
	return p
}

func (c cluster) deleteCluster(force bool) procedure {
	// DC8: release everything; with keep, switch the machines off and keep everything.
	release := releaseAll(DC8)
	if keep := c.begun.Keep; keep != "" {
		release = do(DC8, power{false, c.NodeIDs()}, powered{off: true}, enterBin{}).begins(OnceStopped(c.State)).ends(Deleted).
			about("power off, and keep everything in the recycle bin for %s", keep)
	}

	// DC1: without a destroy service anywhere, DC2 and DC8 are all there is. Machines that are off have nothing to stop.
	guarded := c.Defines(ServiceDestroy, nil)
	var boot procedure
	switch {
	case !GuardsApply(c.View):
		return steps(skip(DC1, "destroy and stop services", whyNoGuards(c.View)), release)
	case !guarded && c.PoweredOff:
		return steps(skip(DC2, "stop", "the machines are off"), release)
	case c.State != Active:
		boot = c.boot(DC1).forced(force)
	}

	// Stop on all nodes, in ascending order. From its first command on the cluster counts as stopped.
	stop := func(id StepID) procedure {
		return c.stage(id, ServiceStop, nil, nil).forced(force).begins(OnceStopped(c.State))
	}
	switch {
	case !guarded: // DC2
		return steps(boot, stop(DC2), release)
	case !c.Defines(ServiceDestroy, BeforeStop): // DC3: every destroy comes after stop: DC4
		return steps(boot, stop(DC4), c.guard(DC4, AfterStop, nil, force), release)
	}
	return steps(
		boot,
		// DC5: destroy, of the roles that run it before stop. DC6: a refusal ends it with nothing stopped, unless forced.
		c.guard(DC5, BeforeStop, nil, force),
		// DC7: stop.
		stop(DC7),
		// DC4: destroy of the other roles; a refusal comes before any release.
		c.guard(DC4, AfterStop, nil, force),
		release,
	)
}

func whyNoGuards(v View) string {
	if v.State == Deleting {
		return "an earlier deletion has passed them already"
	}
	return fmt.Sprintf("the cluster is %s and never was active, so it holds no data to protect", v.State)
}
