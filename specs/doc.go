// Package specs reads application packages: it finds them (folder or archive), reads config.json and
// cluster.json.mustache, checks the values of a user, and renders a Cluster. Everything here is pure: no clock, no
// network, no Temporal. Errors carry file, line and JSON path, all of them at once.
//
// It does not decide anything about nodes or procedures (that is lifecycle) and does not know the metadata layout.
// Callers: the CLI (lint, render), activities (publish, prepare), tests.
//
// Processing of a package: Open or FromArchive read the files (package.go, archive.go); parseConfig makes items of
// config.json (config.go); resolveValues makes typed settings of what a user gave and of defaults (values.go, convert.go,
// check.go); parseTemplate and execute put them into the template and remember where every byte came from (template.go,
// execute.go); parseDocument reads the JSON with positions (document.go); builder makes the Cluster (build*.go,
// endpoints.go). For a cluster that exists, CheckChange checks changed env values (change.go), Revise and CarryOver render
// the version that runs, or another one, with the values in force (inforce.go), and ServiceParams checks what a run of a
// service is given (params.go).
//
// Ambiguous packages are interpreted as follows:
//
//   - An item without a value and without a default is "" (strings, passwords, multichoice, names of outside things), []
//     (array) or null (integer, number, boolean). null in cluster.json is as good as an absent key; an env key that is
//     null is published with an empty value. A default of "" for an integer, number or boolean is ignored.
//   - A required item whose default is "" counts as given (vxnet and links are written so), with a warning.
//   - Giving a value equal to the default is always allowed, also when the default breaks the item's own rules.
//   - step counts from min, or from 0 without min.
//   - Env lists are joined with commas, env objects become JSON text (with a warning).
//   - In sections, false, 0, "", null and [] are false.
//   - upgrading_policy in-place-sequential and in-place-parallel mean sequential and parallel.
//   - Parameters of a service are the keys of its service_params object in cluster.json: those names the command gets, and
//     those names a user gives. The item behind a parameter's placeholder, usually one of the third group of config.json,
//     gives type, rules and default; its own key is never seen by the command and may be any. One item may serve several
//     roles and services. A parameter written as a literal has the literal's type, and the literal as default. Values given
//     for such items when the cluster was created are the defaults of later runs. A required item of service_params without
//     default is asked for when the service is run, not when a cluster is created.
//   - The least count of a role is the min, or the smallest of the range, of the item behind nodes[].count. Without such an
//     item or bound it is 1, and 0 when the default, the literal or the value given at creation is 0. Replica roles have none
//     of their own.
//   - Values in force stay whatever a later version says: its defaults are for new clusters. An item without a default that
//     was left out stays absent, unless the version requires it.
//   - The resource group that is chosen, or the default one, gives the values of the items with a list; an item's own default counts
//     only without a group. Groups concern new clusters; where they cannot be customized, scaling keeps to their sizes.
//   - An item whose dependencies do not hold is not demanded and has its default. A value given for it is used, with a warning.
//   - Every key that a package may have is in the vocabulary (vocabulary*.go), which lint, the reference and the schemas share.
//     Lint refuses others, unless they begin with x-; rendering warns.
//   - Unknown keys are kept in Extra of the cluster, the role and the service; those of container and volume in the
//     role's Extra as "container.<key>" and "volume.<key>".
package specs
