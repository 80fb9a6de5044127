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
	// Groups are what config.json says of the groups of its items, in its order.
	Groups []SettingGroup `json:"groups,omitempty"`
	// Texts are translations of labels and descriptions, by language as in zh-cn.
	Texts map[string]map[string]string `json:"texts,omitempty"`
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
	// Form is for drawing a field; parameters of services have none.
	Form *Form `json:"form,omitempty"`
}

// Form is what a field of a form needs beside the texts of its item. Where Default and Value of the item are as messages show
// them, these are whole and as one types them: lists and objects are JSON. There is none of a password.
type Form struct {
	Key     string `json:"key"`
	Default string `json:"default,omitempty"`
	// Preset: there is a default, also a password's.
	Preset      bool     `json:"preset,omitempty"`
	Value       string   `json:"value,omitempty"`
	Range       []string `json:"range,omitempty"`
	Min         string   `json:"min,omitempty"`
	Max         string   `json:"max,omitempty"`
	Step        string   `json:"step,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	MultiChoice bool     `json:"multichoice,omitempty"`
	Separator   string   `json:"separator,omitempty"`
	// Kept: a new cluster keeps the default.
	Kept bool `json:"kept,omitempty"`
	// ResourceGroup are defaults by index of the chosen one in the range of cluster.resource_group.
	ResourceGroup []string `json:"resource_group,omitempty"`
	// Dependencies all hold where the item applies.
	Dependencies []SettingDependency `json:"dependencies,omitempty"`
}

// SettingDependency is a condition on the value of another item.
type SettingDependency struct {
	Path   string   `json:"path"`
	Values []string `json:"values"`
	// Not: the value is none of Values.
	Not bool `json:"not,omitempty"`
}

// SettingGroup is what config.json says of a group of items.
type SettingGroup struct {
	Path        string `json:"path"`
	Label       string `json:"label,omitempty"`
	Description string `json:"description,omitempty"`
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
