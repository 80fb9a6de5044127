package cli

import (
	"net"
	"net/url"
	"strings"

	"drover/client/remote"
	"drover/starter/output"
	"drover/workflows/api"
)

// defaultUIPort is where Temporal's development server has its UI.
const defaultUIPort = "8233"

// uiBase is the base URL of the Temporal UI: given, else DROVER_UI, else "".
func (a *app) uiBase(given string) string {
	if given == "" {
		given, _ = a.env.LookupEnv("DROVER_UI")
	}
	return strings.TrimRight(given, "/")
}

// uiOf is the UI of a development server at hostPort.
func uiOf(hostPort string) string {
	host, _, err := net.SplitHostPort(strings.TrimPrefix(hostPort, "dns:///"))
	if err != nil || host == "" {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, defaultUIPort)
}

// runField is where an operation's run can be seen: a page of the console that was asked, else of the Temporal UI.
func (a *app) runField(clusterID, runID string) output.Field {
	if console, ok := a.backend.(*remote.Client); ok && runID != "" {
		return output.Field{"page", console.Page(clusterID, runID)}
	}
	return output.Field{"Temporal UI", a.runLink(clusterID, runID)}
}

// runLink is the page of an operation's run in the Temporal UI; "" when DROVER_UI does not say where that is.
func (a *app) runLink(clusterID, runID string) string {
	base := a.uiBase("")
	options, err := a.target.Temporal()
	if base == "" || runID == "" || err != nil {
		return ""
	}
	return base + "/namespaces/" + url.PathEscape(options.Namespace) + "/workflows/" + url.PathEscape(api.WorkflowID(clusterID)) + "/" +
		url.PathEscape(runID) + "/history"
}
