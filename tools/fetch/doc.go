// Command fetch gets one program out of an official release: it downloads the archive, compares its SHA-256 with the pinned
// one and unpacks the program.
//
//	fetch URL SHA256 PROGRAM FILE
//
// tools/ensure calls it, with the pins of tools/releases, and builds from source when it fails. So it gives up early, on
// everything that would take longer than a build: no answer within five seconds, or fewer than half a mebibyte within any
// five seconds after that. The exit status is 0 when FILE is complete, otherwise 1, with one line on stderr that says why;
// FILE then does not exist.
//
// It is not a downloader for anything else: nothing is resumed, and nothing is run.
package main
