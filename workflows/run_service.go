package workflows

import (
	. "drover/lifecycle"
	"drover/workflows/api"
)

// runService is RV1: the service on the nodes its selector prints, else those the request names, else as
// nodes_to_execute_on says. Its parameters are one quoted JSON argument (S7).
func runService(c cluster, in api.RunServiceInput) procedure {
	var p procedure
	nodes := []string{}
	for _, role := range c.Roles {
		service, ok := role.Service(in.Service)
		if !ok || role.NoAgent || in.Role != nil && role.Name != *in.Role {
			continue
		}
		chosen := IDsOf(role.Nodes)
		if len(in.Nodes) > 0 {
			chosen = Common(chosen, in.Nodes)
		}
		if service.HasSelector && len(in.Nodes) == 0 && len(chosen) > 0 {
			question := ask{role: role.Name, service: in.Service, selector: true, nodes: chosen, timeout: service.Timeout}
			p = steps(p, asking(RV1, "select the nodes of "+in.Service, question))
			if selected, answered := c.answers[question.key()]; answered {
				chosen = selected
			}
		}
		nodes = append(nodes, chosen...)
	}
	return steps(p, c.stage(RV1, in.Service, nil, Only(nodes)).given(c.begun.Params))
}
