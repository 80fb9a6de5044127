# Drover's own programs as images:
#
#   docker build --target worker -t drover:local .          drover-worker, drover-console and drover, and what they put on nodes
#   docker build --target agent  -t drover-agent:local .    drover-agent alone, to try a package's templates
#
# docker-compose.yml builds both. Building needs a Go module proxy; where that is not the public one, say
# --build-arg GOPROXY=... as for go itself.

FROM golang:1.26-bookworm AS build
# Without a value go uses its own default.
ARG GOPROXY
ARG GOSUMDB
ENV CGO_ENABLED=0
WORKDIR /src
# Modules first: they stay in the builder's cache when only Drover changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=docker
RUN for program in drover=./starter drover-worker=./worker drover-console=./console drover-agent=./agent drover-node=./providers/local/node; do \
        go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" \
            -o "/out/bin/${program%%=*}" "${program#*=}" || exit 1; \
    done; \
    packages/etcd/build.sh --packages /out/share/drover

# Nodes get the agent from the worker; this image is for whoever writes packages:
#   docker run --rm -v "$PWD:/here" drover-agent:local render --once --confdir /here/confd --kv /here/keys.json --root /here/out --no-commands
FROM scratch AS agent
COPY --from=build /out/bin/drover-agent /usr/local/bin/drover-agent
ENTRYPOINT ["/usr/local/bin/drover-agent"]

FROM debian:bookworm-slim AS worker
COPY --from=build /out/bin/ /usr/local/bin/
COPY --from=build /out/share/ /usr/local/share/
ENTRYPOINT ["/usr/local/bin/drover-worker"]
