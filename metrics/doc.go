// Package metrics is the list of what Drover measures: the names, labels and meanings of the metrics of workers and of
// agents. From it come the pages (tools/docs), the dashboard and the alert rules of Drover itself, and, with the monitor
// items of a package, those of an application.
//
// It measures nothing and knows no server; worker/telemetry and agent/exporter do, and their tests compare what they
// serve with the list. Callers besides those tests: starter/cli, tools/docs.
package metrics
