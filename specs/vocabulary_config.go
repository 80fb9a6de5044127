package specs

// itemTypes are the types an item may have.
var itemTypes = []string{"string", "password", "integer", "number", "boolean", "array", "service", "loadbalancer", "accesskey", "eip", "vxnet"}

// Why a hint of AppCenter's form has no effect.
const formOnly = "a hint for AppCenter's form; the form of Drover shows items in the order of the file"

var configVocabulary = []Object{
	{
		Name: "config", Path: "(whole file)", Purpose: "What a user may or must choose: the groups cluster, env and service_params",
		Fields: []Field{
			field("type", KindString, "", `Always "array"`),
			field("key", KindString, "", "Name of the whole, without effect"),
			field("label", KindString, "", "Title for people"),
			field("description", KindString, "", "Explanation for people"),
			field("properties", KindObjects, "", "The groups").of("group"),
		},
	},
	{
		Name: "group", Path: "properties[]", Purpose: "A level of nesting: a list of items and groups. A group need not be a role",
		Fields: []Field{
			field("key", KindString, "", "Part of the path of every item inside"),
			field("type", KindString, "", `Always "array"`),
			field("label", KindString, "", "Title for people, translated by the locales"),
			field("description", KindString, "", "Explanation for people, translated by the locales"),
			unused("expanded", KindYesNo, "Unfold the group", formOnly),
			field("properties", KindObjects, "", "Items and groups").of("item"),
		},
	},
	{
		Name: "item", Path: "properties[].properties[]", Purpose: "One setting. Its path is the keys from the outermost group on, joined with dots",
		Fields: []Field{
			field("key", KindString, "", "Last part of the path; may contain dots"),
			field("label", KindString, "", "Title for people, translated by the locales"),
			field("description", KindString, "", "Explanation for people, translated by the locales"),
			field("type", KindString, "string", "Type of the value").among(itemTypes...),
			field("default", KindAny, "none", "Value without another one. An item without a default is empty or absent"),
			field("required", KindYesNo, "no", "A value is demanded at creation, or when the service of a parameter is run"),
			field("changeable", KindYesNo, "yes", "An existing cluster may change the value (items below env)"),
			field("changeable_when_create", KindYesNo, "yes", "A new cluster may choose another value than the default"),
			field("range", KindList, "", "The only values allowed"),
			field("min", KindNumber, "", "Least number allowed"),
			field("max", KindNumber, "", "Largest number allowed"),
			field("step", KindNumber, "", "Numbers allowed: min plus a multiple of it"),
			field("pattern", KindString, "", "Regular expression that finds a match in every allowed value; look-ahead is possible"),
			field("multichoice", KindYesNo, "no", "Several values of the range, joined to one text"),
			field("separator", KindString, `","`, "Between the values of a multichoice"),
			field("resource_group", KindList, "", "Values by index of the chosen value of cluster.resource_group"),
			field("customizable", KindYesNo, "yes", "Of cluster.resource_group: other values than those of a resource group may be chosen"),
			field("dependencies", KindObjects, "", "The item applies only where all of them hold; otherwise it is not demanded").of("dependency"),
			unused("limits", KindNames, "Of a service: applications, and their versions, that may be linked", "the application of a linked cluster is not checked").of("versions"),
			unused("allowed_operations", KindStrings, "Of a service: changes of the link of a cluster that exists", "links cannot be changed after creation"),
			unused("tag", KindStrings, "Of a service: words that group applications", "clusters are linked by id"),
			unused("port", KindAny, "Of a loadbalancer: ports of its backends", "Drover has no load balancers"),
			unused("associate_mode", KindInteger, "Of an eip: bound inside or outside of the node", "Drover has no public addresses"),
			unused("auto_scale_step", KindInteger, "Step of automatic scaling", "Drover does not scale automatically"),
			unused("system", KindYesNo, "Show the item on top", formOnly),
			unused("expanded", KindYesNo, "Unfold the item", formOnly),
			unused("multiline", KindYesNo, "Input field with several lines", formOnly),
		},
	},
	{
		Name: "dependency", Path: "...dependencies[]", Purpose: "A condition on another item",
		Fields: []Field{
			field("refkey", KindString, "", "Key of an item of the same group, or a whole path"),
			field("values", KindList, "", "The values it is compared with"),
			field("operator", KindString, "in", "in: its value is one of values; nin: it is none of them").among("in", "nin"),
		},
	},
	{Name: "versions", Path: "...limits", Purpose: "Versions by application; an empty list allows every version", Open: true},
}
