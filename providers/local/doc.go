// Package local makes nodes that are sandboxes on the worker's own machine: for trying Drover out, for developing
// packages, for tests with hundreds of nodes. A node looks like a small machine and costs a few megabytes.
//
//	host                                     node i-abc (process 1: drover-node init)
//	────                                     ─────────────────────────────────────────
//	/usr (and /bin, /lib ... beside it)  ──► /usr        read-only; /usr/local is the node's own
//	<images>/<image>/           ┐
//	<state>/nodes/i-abc/root/   ┴ overlay ─► /           /etc /opt /var /root /home /srv /tmp, writable
//	<state>/volumes/vol-x/data/          ──► /data ...   the mount points of its volumes
//	<state>/bin/                         ──► /opt/drover/bin/, read-only: copies of drover-agent and drover-node
//	some public folders of /etc          ──► same place, read-only (certificates, alternatives, ...)
//	                                         /proc       own, with its dangerous parts read-only or empty
//	                                         /dev        null zero full random urandom tty, own pts and shm
//	                                         /run        tmpfs; no /sys
//	127.77.0.5, hosts' network           ──► SSH on 127.77.0.5:22 (2222 where low ports are root's)
//
// Own namespaces: mounts, processes, host name, IPC, and users when the worker is not root. Own network: none; nodes
// share the host's, with an address of 127.0.0.0/8 each, so that a worker, Temporal and Consul on the same machine are
// reached without any setup. That also is the limit of the isolation: what listens on the host's loopback is open to
// nodes. Root in a node keeps the capabilities listed in internal/sandbox/powers.go; there is no seccomp filter. Run
// packages you would run on the machine itself.
//
// A node's process is not a child of the worker: it outlives it. What there is is on disk and nowhere else:
//
//	<state>/nodes/<instance>/node.json   what was asked, the address, the phase   boot.json, console.log, host_key, pid.json
//	<state>/volumes/<id>/meta.json, data/
//	<state>/snapshots/<id>/meta.json, data/
//	<state>/addresses/<ip>               a link that names the instance
//	<state>/networks/, <state>/locks/
//	<state>/bin/                         the programs of the provider that was opened last
//
// Files change by rename, under a lock per id that excludes other workers too; every call can be cut at any point and
// retried. The state folder is closed to other users: nodes may keep set-uid programs in it.
//
// Images are folders; their files lie over the node's root and a node's changes never reach them. Without overlayfs an
// image is copied. Do not change an image while nodes use it: put a new one beside it. For ordinary users the image's
// files must belong to them, otherwise it is copied.
//
// The root file system survives Stop and Start; ReplaceImage gives a fresh one. Callers: worker (New), activities
// (through their interfaces), tests.
package local
