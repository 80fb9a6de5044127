// Package views reads what may be shown of clusters: the views that workers write beside the control records. A Watcher keeps all
// of them in memory and follows their changes with one blocking query of Consul, for any number of readers.
//
// It needs a token that reads PREFIX/views/ and nothing else, and changes nothing. Callers: console.
package views
