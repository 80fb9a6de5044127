// Command images makes, on a Docker engine, the public images that docker-compose.yml and the Dockerfiles name, where no
// registry can be reached: under the same names and tags, from programs that tools/ensure builds, from a Debian that
// debootstrap installs, and from the Go this machine has. The engine is the one that DOCKER_HOST or the default says.
//
//	tools/images/engine.sh       # installs and starts an engine if none runs; root
//	go run ./tools/images        # or all of it: make images
//	export COMPOSE_FILE=docker-compose.yml:tools/images/compose.yml
//	docker compose up -d
//
// These are stand-ins with the same programs in the same places, for tests and for work without a network. They are not
// needed where a registry can be reached.
package main
