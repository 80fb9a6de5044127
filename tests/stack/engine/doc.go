// Package engine gives tests a Docker engine of their own, and images where no registry is reached.
//
// The engine is a dockerd with a folder of its own that touches neither the machine's firewall nor its default bridge, so
// that it gets along with another one. It needs root and the program dockerd (Debian: apt-get install docker.io). Images
// are made of this machine's own programs.
//
// It is for tests and developers. Callers: tests of providers/docker.
package engine
