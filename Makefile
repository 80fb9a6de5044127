# What one types to build, try and test Drover. `make help` lists it.
#
# Needed: Go, git and make. Servers and tools are downloaded or built by tools/ensure, once, into .build/tools.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# Static programs: they run in sandboxes and on machines without a libc. Programs, tests and linters are compiled with the
# same flags, so that each package is compiled once; only `make race` needs C. The version is a flag of the linker alone.
# It comes from git above: the toolchain's own stamp would fail in a tree that belongs to another user.
export CGO_ENABLED = 0
BUILD = $(GO) build -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'

# Packages to test, and more for `go test`: make test PKG=./remote/... ARGS='-run TestSSH -v'
PKG  ?=
ARGS ?=

# Packages whose tests take minutes: lives of packages, providers, given machines, kills, recordings. `make test` runs no
# more than their unit tests, as long as PKG does not name them; the rest is for `make test-all`.
SLOW  = ./packages/... ./providers/... ./worker ./workflows/histories ./tests/chaos/... ./tests/endtoend/console ./tests/endtoend/docker ./tests/endtoend/given
QUICK = $$($(GO) list ./... | grep -vxF "$$($(GO) list $(SLOW))")

# How long `make fuzz` spends on each target.
FUZZTIME ?= 5s

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- build ---------------------------------------------------------------------------------------------------------

.PHONY: build
build: bin/drover bin/drover-worker bin/drover-agent bin/drover-node bin/drover-console ## build the five programs into bin/

# go itself knows what is out of date.
.PHONY: FORCE
bin/drover: FORCE
	@$(BUILD) -o $@ ./starter
bin/drover-worker: FORCE
	@$(BUILD) -o $@ ./worker
bin/drover-console: FORCE
	@$(BUILD) -o $@ ./console
bin/drover-agent: FORCE
	@$(BUILD) -o $@ ./agent
bin/drover-node: FORCE
	@$(BUILD) -o $@ ./providers/local/node
.build/bin/tracer: FORCE
	@$(BUILD) -o $@ ./tests/tracer/command
.build/bin/%: FORCE
	@$(BUILD) -o $@ ./tools/$*

# The pages of the console are committed: a build of Go needs no Node. Node 20 and npm are needed to change them.
WEB = console/web
$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	@cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error

.PHONY: console
console: $(WEB)/node_modules/.package-lock.json ## build the console's pages into console/assets/dist; needs Node
	@cd $(WEB) && npm run --silent api && npm run --silent check && npm run --silent build

.PHONY: packages
packages: ## build the example package etcd and its node images into .build/
	@packages/etcd/build.sh .build

# Exit code 3 is the build's word for: this machine has no apt.
.PHONY: packages-all
packages-all: packages ## build the others too, which are made of Debian's packages: zookeeper, redis-cluster, ...
	@for build in $(filter-out packages/etcd/%,$(wildcard packages/*/build.sh)); do \
		$$build .build || { code=$$?; [ $$code = 3 ] || exit $$code; }; \
	done

.PHONY: servers
servers: ## get the pinned Temporal, Consul and etcd: releases, or builds, five to fifteen minutes the first time
	@tools/ensure all-servers >/dev/null

# The S3 server of the backups' tests: whoever only runs Drover does not wait for its build.
.PHONY: s3-server
s3-server:
	@tools/ensure versitygw >/dev/null

# Servers first come from downloads, and Drover from the processors.
.PHONY: all-at-once
all-at-once:
	@tools/ensure all-servers >/dev/null & servers=$$!; \
	$(MAKE) --no-print-directory -s build $(ALSO) & drover=$$!; \
	trap 'kill $$servers $$drover 2>/dev/null' INT TERM; \
	wait $$servers; got=$$?; wait $$drover && exit $$got
	@$(MAKE) --no-print-directory -s packages

.PHONY: images
images: ## without a registry: start a Docker engine if none runs, and make the images docker-compose.yml names; root
	@tools/images/engine.sh
	@$(GO) run ./tools/images

# What tests in containers need beside an engine, where they can run at all. What it costs is not a test's time.
.PHONY: docker-tools
docker-tools:
	@if command -v dockerd >/dev/null && command -v debootstrap >/dev/null && [ "$$(id -u)" = 0 ]; then \
		tools/ensure compose >/dev/null && $(GO) run ./tools/images --only-debian; \
	fi

# --- try -----------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: first-run ## live through a cluster's whole life on this machine; ARGS=--quick: only create, use, refuse, delete
	@$(MAKE) --no-print-directory -s all-at-once ALSO=.build/bin/demo
	@.build/bin/demo $(ARGS)

.PHONY: dev
dev: first-run ## start Temporal, Consul, a worker and the console in the background, etcd published
	@$(MAKE) --no-print-directory -s all-at-once ALSO=.build/bin/dev
	@.build/bin/dev up

.PHONY: first-run
first-run:
	@[ -x bin/drover ] || echo "First run: Temporal and Consul are downloaded, etcd and Drover built; where nothing can be downloaded all is built, ten minutes on two cores."

.PHONY: dev-status
dev-status: build .build/bin/dev ## say what of it runs, where, and which clusters there are
	@.build/bin/dev status

.PHONY: dev-down
dev-down: build .build/bin/dev ## stop it; refused while clusters exist, unless FORCE=1 deletes them
	@.build/bin/dev down $(if $(FORCE),--force)

# --- test ----------------------------------------------------------------------------------------------------------

.PHONY: check
check: lint ## linters and unit tests, for every change; two minutes once the tools are built
	@tools/test check -short $(or $(PKG),./...)

.PHONY: lint
lint: ## linters alone: words, style, import walls, determinism of workflows
	@$(GO) run ./tools/words
	"$$(tools/ensure golangci-lint)" run ./...
	"$$(tools/ensure workflowcheck)" -config .workflowcheck.yaml ./workflows/... ./lifecycle/...

# Tests take the programs of `make build` as they are.
test test-slow test-healing race docker-test docker-lives console-e2e: export DROVER_BUILT = 1

.PHONY: test
test: servers s3-server build ## unit tests, conformance, end to end on local nodes: 8 minutes (PKG=./remote/... ARGS='-run SSH')
	@SHORT="$(if $(PKG),,$(SLOW))" tools/test test $(ARGS) $(or $(PKG),$(QUICK))

.PHONY: test-all
test-all: ## also lives of packages, providers, given machines, kills, the quick start with Docker
	@status=0; for part in test test-slow test-healing docker-test; do \
		$(MAKE) --no-print-directory $$part || status=$$?; \
	done; tools/test --summary test test-slow test-healing docker-test; exit $$status

.PHONY: test-slow
test-slow: servers build packages console-tools ## what `make test-all` has beside `make test`, `make test-healing` and `make docker-test`
	@tools/test test-slow -timeout 25m $(ARGS) $(SLOW)

# The brake on healing counts the nodes of all clusters: these tests share their servers with no others.
.PHONY: test-healing
test-healing: servers build ## break nodes and watch them heal, four minutes; part of `make test-all`
	@tools/test test-healing $(ARGS) -run 'Healed|Walk' ./tests/endtoend -args -alone

.PHONY: race
race: servers build packages ## the same under the race detector; needs a C compiler
	CGO_ENABLED=1 tools/test race -race $(ARGS) $(or $(PKG),./...)

# It builds Drover inside an image.
.PHONY: docker-test
docker-test: servers build packages docker-tools ## the quick start with Docker, word for word; needs root, dockerd and debootstrap
	@tools/test docker-test -timeout 40m $(ARGS) ./tests/endtoend/compose -args -build

# In sandboxes they are part of `make test-all`.
.PHONY: docker-lives
docker-lives: servers build packages-all ## ZooKeeper, its observers and Redis Cluster live in containers; needs root and dockerd
	@tools/test docker-lives -timeout 40m -run Life/docker $(ARGS) ./packages/redis-cluster ./packages/zookeeper ./packages/zookeeper-observers -args -docker

.PHONY: console-check
console-check: console ## test the console's pages, and fail when the committed ones are not what their sources build
	@cd $(WEB) && npm test --silent
	@changed=$$(git status --porcelain -- console/assets/dist $(WEB)/src/api/schema.d.ts); [ -z "$$changed" ] || { \
		echo "these files are not what make console builds; commit them:"; echo "$$changed"; exit 1; }

# Node's modules, where there is npm: the journeys are skipped without them.
.PHONY: console-tools
console-tools:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(WEB)/node_modules/.package-lock.json; fi

.PHONY: console-e2e
console-e2e: servers build console-tools ## the console in a browser on a real stack; needs Chromium; screenshots in .build/screenshots
	@tools/test console-e2e -timeout 25m $(ARGS) ./tests/endtoend/console

.PHONY: chaos
chaos: servers ## kill everything at every moment of every operation, see docs/chaos.md (ARGS='-only CreateCluster -kill worker')
	$(GO) run ./tests/chaos/matrix $(ARGS)

.PHONY: undo
undo: servers ## let every operation fail at every step in every way, and compare what is left, see docs/lifecycle.md
	$(GO) test ./tests/chaos -count=1 -v -timeout 60m -run '^TestUndoneEqualsBefore$$' $(ARGS) -args -chaos-every-way

.PHONY: bench
bench: servers build packages ## measure operations on real nodes, see docs/benchmarks.md (ARGS='-only create')
	$(GO) run ./tests/bench $(ARGS)

.PHONY: bench-go
bench-go: ## run the small benchmarks that lie beside the code (PKG=./remote/...)
	$(GO) test -run '^$$' -bench . -benchmem -p 1 -timeout 60m $(ARGS) $(or $(PKG),./...)

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (5s), and 500 new sequences of operations against a model
	$(GO) test ./workflows -run '^TestEverySequence' -rapid.checks=500 -rapid.seed="$$(date +%s)" -timeout 20m
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file" | while read -r target; do \
			echo "$${file%/*} $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$${file%/*}" </dev/null || exit 1; \
		done || exit 1; \
	done

# --- release -------------------------------------------------------------------------------------------------------

.PHONY: release
release: ## make what one installs, into dist/: .tar.gz, .deb, list of modules, SHA-256, for amd64 and arm64 (VERSION=v1.2.3)
	@cd packaging && $(GO) run . -version '$(VERSION)' $(ARGS)

.PHONY: release-test
release-test: ## make such a release and look into it; what is not installed here (dpkg, systemd-analyze) is skipped
	cd packaging && $(GO) test -count=1 -timeout 40m ./... $(ARGS)

# --- rename --------------------------------------------------------------------------------------------------------

.PHONY: rename-module
rename-module: ## give the Go module another path, for a home of your own (MODULE=example.org/drover)
	@$(GO) run ./tools/rename $(or $(MODULE),$(error MODULE is not set, for example: make rename-module MODULE=example.org/drover))

# --- tidy up -------------------------------------------------------------------------------------------------------

.PHONY: clean
clean: ## remove what was built, but not the servers and tools
	rm -rf bin dist .build/bin .build/images .build/packages

.PHONY: distclean
distclean: dev-down clean ## remove everything that git does not know, after `make dev-down`
	rm -rf .dev .build
