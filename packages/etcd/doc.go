// Package etcd holds the example application package of that name: an application package (package/), the files its
// nodes need beside the etcd programs (node/), and build.sh, which makes of them the two published versions 3.5 and 3.6
// and their images.
//
// There is no Go code in it but tests: that both versions are sound and render, that templates give what scripts
// expect, and that the scripts bring real etcd clusters on real nodes of provider local through their whole life. They
// drive the scripts in the order of the lifecycle procedures, without Temporal, Consul and the workflows. No package
// imports it; `make` runs build.sh.
package etcd
