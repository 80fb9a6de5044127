package api

// DescribeAppInput reads one published version of an application.
type DescribeAppInput struct {
	App     string `json:"app"`
	Version string `json:"version,omitempty"` // default: the one that create takes
}

// AppDetail is what a version of an application can be told.
type AppDetail struct {
	AppView
	// Why says why this version was chosen; "" when it was named.
	Why string `json:"why,omitempty"`
	// Settings are the items of config.json in its order.
	Settings []Setting `json:"settings"`
	// Services of all roles; what depends on values is as with defaults.
	Services []ServiceView `json:"services"`
}

// Setting is an item of config.json, or a parameter of a service.
type Setting struct {
	Path        string `json:"path"`
	Label       string `json:"label,omitempty"`
	Description string `json:"description,omitempty"`
	Type        string `json:"type"`
	Required    bool   `json:"required,omitempty"`
	// Changeable: drover env set can change it.
	Changeable bool `json:"changeable,omitempty"`
	// Default is "" without one; a password's is never shown.
	Default string `json:"default,omitempty"`
	// Allowed describes good values: "integer, at least 1, at most 9".
	Allowed string `json:"allowed"`
	// Value is the one in force; DescribeValues alone fills it, and for a password with "(hidden)".
	Value string `json:"value,omitempty"`
}

// ServiceView is a service of a role.
type ServiceView struct {
	Role       string `json:"role,omitempty"`
	Name       string `json:"name"`
	Custom     bool   `json:"custom,omitempty"` // drover run runs it
	Order      int    `json:"order,omitempty"`
	Nodes      int    `json:"nodes_to_execute_on,omitempty"` // 0: all
	TimeoutSec int    `json:"timeout_sec"`
	PreCheck   bool   `json:"pre_check,omitempty"`
	// Parameters are named as drover run --param takes them.
	Parameters []Setting `json:"parameters,omitempty"`
}

// DescribeValuesInput reads the values in force of a cluster.
type DescribeValuesInput struct {
	ClusterID string `json:"cluster_id"`
}

// ClusterValues are the values in force of a cluster.
type ClusterValues struct {
	ClusterID string `json:"cluster_id"`
	App       string `json:"app"`
	Version   string `json:"version"`
	// Settings have a Value each; services with parameters are those of the version.
	Settings []Setting     `json:"settings"`
	Services []ServiceView `json:"services"`
}
