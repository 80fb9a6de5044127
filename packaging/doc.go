// Command packaging (`make release`) makes what one installs: for linux amd64 and arm64 static programs as .tar.gz and as
// .deb with units, man pages and completion, a list of the modules in them (CycloneDX), and the SHA-256 of all. The same
// commit and toolchain give the same files.
//
// It is a module of its own, so that what packages need is not in Drover's. It uploads nothing and signs nothing.
package main
