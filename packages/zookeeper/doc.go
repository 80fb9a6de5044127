// Package zookeeper holds the example application package of that name: an application package (package/), the files its
// nodes need beside ZooKeeper and Java (node/), and build.sh, which makes of them and of Debian's packages what is
// published, and the images.
//
// There is no Go code in it but tests: that the package is sound and renders, and that it lives through every operation
// on real nodes while a client writes. No package imports it; `make packages-all` runs build.sh.
package zookeeper
