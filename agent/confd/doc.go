// Package confd is the agent's configuration engine: it turns the keys of one metadata revision into the files an
// application package describes with confd resources (conf.d/**/*.toml) and Go templates (templates/).
//
// One pass renders every resource, stages what differs beside its destination, checks it, swaps all changed files by
// rename and then runs each distinct reload command once, so that a service never sees half of a revision.
//
// It is not a daemon and knows no network: the agent brings the keys (Engine.Apply) and drives retries
// (Engine.NextRetry, Engine.Retry), re-reading (Engine.ConfChanged, Engine.Reload) and resyncs. Package authors use the
// same engine offline through the commands in confd/cli. Callers: agent and agent/confd/cli.
package confd
