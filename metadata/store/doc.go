// Package store keeps metadata trees, control records and published packages in Consul's KV.
//
// It does not build trees (metadata does), is not for nodes (they use metadata/reader), and does not retry: every call
// is idempotent, and its faults report whether a retry can help. Callers: activities, tests.
//
// Keys, with the default prefix:
//
//	drover/clusters/<id>/self/...            the tree, one key per field
//	drover/clusters/<id>/roles/<role>/env/.. role env
//	drover/clusters/<id>/roles/secrets/<key> marks an env key that holds a password
//	drover/clusters/<id>/revision            the published revision
//	drover/clusters/<id>/revisions/writer    the writer of that revision
//	drover/clusters/<id>/revisions/full      the same tree as one value, for agents (metadata/pack); may be absent
//	drover/clusters/<id>/revisions/recent    the last few changes, for agents that have an earlier tree; may be absent
//	drover/clusters/<id>/revisions/flux      exists while a publish of more than one transaction is unfinished
//	drover/state/<id>                        control record
//	drover/views/<id>                        what may be shown of the cluster
//	drover/names/<digest of a name>          which cluster has the name
//	drover/gsids/<gsid>                      which cluster has the gsid
//	drover/links/<id>/<linking id>           a cluster that links to this one
//	drover/orphans/<id>/<provider>/<kind>/.. the orphan ledger
//	drover/apps/<app>/<version>              published package: description
//	drover/apps/<app>/<version>/<digest>     published package: archive
//	drover/used/<app>/<version>              which cluster got the version last
package store
