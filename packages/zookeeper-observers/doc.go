// Package observers holds the example application package zookeeper-observers, which links to a cluster of
// packages/zookeeper: an application package (package/), what its nodes have in place of the files of a voter (node/), and
// build.sh, which makes of them what is published, and the image.
//
// There is no Go code in it but tests: that the package is sound, and that observers follow the cluster they link to
// through its changes. No package imports it; `make packages-all` runs build.sh.
package observers
