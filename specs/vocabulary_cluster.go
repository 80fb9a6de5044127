package specs

// Why keys that stand in more than one object have no effect.
const (
	noQuota   = "the quota is not checked; providers refuse what they cannot create"
	noSeveral = "nodes of a cluster share one zone, the user's"
)

var clusterVocabulary = []Object{
	{
		Name: "cluster", Path: "(whole file)", Purpose: "The cluster that a rendered cluster.json.mustache describes",
		Fields: []Field{
			field("name", KindString, "", "Name of the cluster; --name of create overrides it"),
			field("description", KindString, "", "Explanation for people"),
			field("vxnet", KindString, "", "Network of the provider; empty is its default network"),
			field("nodes", KindObjects, "", "The roles").of("role"),
			field("env", KindNames, "", "Settings of the application by key, published as /env/KEY for all roles").of("env"),
			field("links", KindNames, "", "Clusters this one uses, by name; their metadata is published below /links/NAME").of("links"),
			field("endpoints", KindObject, "", "Ports by name, published below /cluster/endpoints").of("endpoints"),
			field("advanced_actions", KindStrings, "none", "Operations that users may start; scale_horizontal permits add-nodes and delete-nodes"),
			field("upgrade_policy", KindStrings, "", "Versions that can be upgraded to this one"),
			field("upgrading_policy", KindString, "parallel", "Upgrade all nodes at once, or one after the other while the cluster runs; in-place-* counts as the same without in-place-").
				among("parallel", "sequential", "in-place-parallel", "in-place-sequential"),
			field("metadata_root_access", KindBoolean, "false", "Nodes read the metadata of all clusters"),
			field("health_check", KindObject, "", "Health check of all roles; keys of a role's own override it").of("health_check"),
			field("monitor", KindObject, "", "Monitor of all roles; keys of a role's own override it").of("monitor"),
			unused("multi_zone_policy", KindString, "Distribution of nodes over zones", noSeveral),
			field("backup_policy", KindString, "", "device: the provider takes snapshots of the volumes; custom: the services backup and restore copy the data").
				among("device", "custom"),
			field("incremental_backup_supported", KindBoolean, "false", "Later backups store only what has changed since the one before"),
			unused("display_tabs", KindNames, "Tables of AppCenter's page of a cluster", "there are no display tabs yet").of("tabs"),
			unused("advanced_services", KindObject, "Commands for AppCenter's console", "node names are not asked for").of("advanced_services"),
			unused("in-place-upgrade-nodes", KindObjects, "What an upgrade in place copies to nodes", "nodes are upgraded by replacing their image").of("free"),
			unused("need_tag", KindBoolean, "Tag for resources the application creates", "Drover has no cloud API"),
			unused("need_intranet_api_server", KindBoolean, "The application calls the cloud's API", "Drover has no cloud API"),
			unused("exclude_node_columns", KindStrings, "Columns that AppCenter's page of nodes leaves out", "a hint for AppCenter's console"),
		},
	},
	{
		Name: "role", Path: "nodes[]", Purpose: "A group of nodes with the same services and sizes",
		Fields: []Field{
			field("role", KindString, "", "Name; only a package with a single role may omit it"),
			field("container", KindObject, "", "Image of the nodes").of("container"),
			field("count", KindInteger, "", "Number of nodes, 0 included"),
			field("cpu", KindInteger, "", "Cores of each node"),
			field("memory", KindInteger, "", "Memory of each node in MiB"),
			field("gpu", KindInteger, "0", "GPUs of each node; no provider has GPUs yet"),
			field("gpu_class", KindString, "", "Class of the GPUs, published to metadata"),
			field("instance_class", KindString, "", "Class of the machines, passed to the provider and published"),
			field("volume_class", KindString, "", "Class of the volumes, passed to the provider and published"),
			field("zone", KindString, "the user's", "Zone of the nodes"),
			field("volume", KindObject, "none", "Persistent storage of each node").of("volume"),
			field("replica", KindInteger, "0", "Replicas of each node, in a role of their own with the name ROLE-replica"),
			field("passphraseless", KindString, "", "Make a key pair of this type per node and publish pub_key").among("ssh-rsa", "ssh-dsa"),
			field("vertical_scaling_policy", KindString, "parallel", "Scale all nodes of the role at once, or one after the other").among("parallel", "sequential"),
			field("server_id_upper_bound", KindInteger, "none", "Largest server id"),
			field("user_access", KindBoolean, "false", "Users may log in; the root file system of the nodes outlives a stop of the cluster"),
			field("agent_installed", KindBoolean, "true", "false: nodes without agent, services and metadata"),
			field("services", KindNames, "", "Commands by name").of("services"),
			field("env", KindNames, "", "Settings of the role, published as /env/KEY on its nodes, over the cluster's").of("env"),
			field("advanced_actions", KindStrings, "the cluster's", "Operations that users may start for the role, in place of the cluster's list"),
			field("health_check", KindObject, "the cluster's", "Health check, key by key over the cluster's").of("health_check"),
			field("monitor", KindObject, "the cluster's", "Monitor, key by key over the cluster's").of("monitor"),
			field("custom_metadata", KindObject, "", "A text each node publishes").of("custom_metadata"),
			unused("loadbalancer", KindAny, "Load balancers in front of the role", "Drover has no load balancers"),
			unused("reserved_ips", KindNames, "Addresses that belong to the role", "addresses are not reserved yet").of("reserved_ips"),
			unused("cpu_model", KindString, "Generation of the processors", "the provider decides"),
			unused("instance_type", KindString, "Type of a bare-metal machine", "Drover has no bare-metal provider"),
			unused("eip_class", KindString, "Public addresses for the nodes", "Drover has no public addresses"),
			unused("extra_quota", KindObject, "Resources that the application takes beside its nodes", noQuota).of("free"),
		},
	},
	{
		Name: "container", Path: "nodes[].container", Purpose: "What a node boots from",
		Fields: []Field{
			field("type", KindString, "", "docker for containers, kvm and others for machines"),
			field("image", KindString, "", "Name of the image at the provider"),
			unused("zone", KindString, "Zone the image was made in", "the user's zone counts"),
			unused("snapshot", KindString, "Snapshot instead of an image", "nodes boot from images"),
			unused("prefer_type", KindString, "Preferred kind of machine", "the provider decides"),
			unused("sriov_nic", KindBoolean, "Fast network card", "the provider decides"),
		},
	},
	{
		Name: "volume", Path: "nodes[].volume", Purpose: "The persistent storage of each node of a role",
		Fields: []Field{
			field("size", KindInteger, "", "GiB per node, split over the mount points; 0: no volume"),
			field("mount_point", KindTexts, "/data", "One to three absolute paths, a volume each"),
			field("filesystem", KindString, "the provider's", "Passed to the provider, as ext4 or xfs"),
			field("mount_options", KindString, "the provider's", "Passed to the provider"),
			field("class", KindString, "volume_class", "Class of the volumes"),
		},
	},
	{
		Name: "services", Path: "nodes[].services", Members: "service",
		Purpose: "Commands by name: the standard services, hooks (get_nodes_order, rollback, ...) and the author's own with type custom",
	},
	{
		Name: "service", Path: "nodes[].services.NAME", Purpose: "A command and how it is run",
		Fields: []Field{
			field("cmd", KindString, "", "Shell text, run as root with /bin/sh -c; empty succeeds"),
			field("type", KindString, "", "custom: users run it with drover run").among("custom"),
			field("order", KindInteger, "0", "Nodes run it in ascending order of the order of their roles; equal ones at the same time"),
			field("nodes_to_execute_on", KindInteger, "all", "On how many nodes of the role and its replicas it runs"),
			field("timeout", KindInteger, "600", "Seconds until it is ended, up to 86400"),
			field("selector", KindString, "", "Shell text that prints the node ids it runs on"),
			field("service_params", KindObject, "", "Parameters with their placeholders; the command gets them as one JSON argument").of("free"),
			field("pre_check", KindString, "", "Of scale_in, scale_out and upgrade: shell text that runs before anything is changed and may refuse"),
			field("post_start_service", KindBoolean, "false", "Of init and upgrade: run after start instead of before"),
			field("post_stop_service", KindBoolean, "false", "Of destroy: run after stop instead of before"),
			field("allow_force", KindBoolean, "true", "Of destroy: --force may ignore its failure"),
			field("event", KindTexts, "all", "Of get_nodes_order: the operations it is asked for: upgrade, scale_vertical, rollback"),
			field("with_replica", KindBoolean, "false", "Of backup and restore: run on replicas too"),
		},
	},
	{
		Name: "custom_metadata", Path: "nodes[].custom_metadata", Purpose: "A text each node of the role publishes",
		Fields: []Field{
			field("cmd", KindString, "", "Shell text whose output becomes the key token of the node, before start"),
			unused("timeout", KindInteger, "Seconds until it is ended", "it has the default timeout of a service"),
		},
	},
	{
		Name: "health_check", Path: "health_check", Purpose: "How a node knows that it is healthy",
		Fields: []Field{
			field("enable", KindBoolean, "false", "Run it"),
			field("check_cmd", KindString, "", "Shell text; exit code 0 is healthy"),
			field("action_cmd", KindString, "", "Shell text that runs when the node becomes unhealthy"),
			field("interval_sec", KindInteger, "60", "Seconds between checks"),
			field("timeout_sec", KindInteger, "10", "Seconds until a check counts as failed"),
			field("action_timeout_sec", KindInteger, "30", "Seconds until the action is ended"),
			field("healthy_threshold", KindInteger, "3", "Successes in a row that make the node healthy"),
			field("unhealthy_threshold", KindInteger, "3", "Failures in a row that make it unhealthy"),
		},
	},
	{
		Name: "monitor", Path: "monitor", Purpose: "What a node measures",
		Fields: []Field{
			field("enable", KindBoolean, "false", "Run it"),
			field("cmd", KindString, "", "Shell text that prints one JSON object of items within 5 seconds"),
			field("items", KindNames, "", "What is measured, by name").of("monitor_items"),
			field("groups", KindNames, "", "Items by name of a group, 1 to 5 each").of("names"),
			field("display", KindStrings, "", "Order of items and groups for people"),
			field("alarm", KindStrings, "", "Items that are worth an alarm"),
		},
	},
	{Name: "monitor_items", Path: "monitor.items", Members: "monitor_item", Purpose: "Items by name, at most 50"},
	{
		Name: "monitor_item", Path: "monitor.items.NAME", Purpose: "One measured value",
		Fields: []Field{
			field("unit", KindString, "", "Unit for people"),
			field("value_type", KindString, "int", "int or str").among("int", "str"),
			field("statistics_type", KindString, "avg, latest for str", "How values of an interval are put together").
				among("min", "max", "avg", "delta", "rate", "mode", "median", "latest"),
			field("scale_factor_when_display", KindNumber, "1", "Factor for people"),
			field("enums", KindList, "", "The values of a str"),
		},
	},
	{
		Name: "endpoints", Path: "endpoints", Members: "endpoint", Purpose: "Ports of the cluster by name",
		Named: []Field{field("reserved_ips", KindNames, "", "Addresses of the cluster by name; a value is published as it is given, none is reserved").of("reserved_ips")},
	},
	{
		Name: "endpoint", Path: "endpoints.NAME", Purpose: "A port",
		Fields: []Field{
			field("port", KindAny, "", `A number, "env.KEY", "ROLE.env.KEY" or a range as text`),
			field("protocol", KindString, "tcp", "Published as it is"),
		},
	},
	{Name: "reserved_ips", Path: "endpoints.reserved_ips", Members: "reserved_ip", Purpose: "Addresses by name"},
	{
		Name: "reserved_ip", Path: "endpoints.reserved_ips.NAME", Purpose: "An address",
		Fields: []Field{field("value", KindString, "", "The address; empty in a package")},
	},
	{Name: "env", Path: "env", Open: true, Purpose: "Settings by key; lists are joined with commas, null is published empty"},
	{Name: "links", Path: "links", Open: true, Purpose: "Ids of clusters by name of the link"},
	{Name: "names", Path: "monitor.groups", Open: true, Purpose: "Lists of names"},
	{Name: "free", Path: "(any)", Open: true, Purpose: "Any members"},
	{
		Name: "tabs", Path: "display_tabs", Members: "tab", Purpose: "Tables by name, at most 5",
	},
	{
		Name: "tab", Path: "display_tabs.NAME", Purpose: "A table that a command prints",
		Fields: []Field{
			field("cmd", KindString, "", "Shell text that prints labels and data as JSON"),
			field("roles_to_execute_on", KindStrings, "all", "Roles whose nodes may run it"),
			field("description", KindString, "", "Explanation for people"),
			field("timeout", KindInteger, "10", "Seconds until it is ended"),
		},
	},
	{Name: "advanced_services", Path: "advanced_services", Purpose: "Commands for AppCenter's console",
		Fields: []Field{field("update_nodes_names", KindObject, "", "Prints names of nodes").of("advanced_service")}},
	{
		Name: "advanced_service", Path: "advanced_services.update_nodes_names", Purpose: "A command",
		Fields: []Field{field("cmd", KindString, "", "Shell text"), field("timeout", KindInteger, "", "Seconds until it is ended")},
	},
}
