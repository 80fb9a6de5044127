// Package compose proves the quick start with Docker: the lines of the README, word for word, with the compose file and
// the Dockerfiles as they are, on an engine of the test's own whose public images were made by tools/images.
//
// There is nothing but tests here.
package compose
