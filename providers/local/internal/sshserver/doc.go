// Package sshserver is the small SSH server of a node: root logs in with a public key and gets commands (exec, shell,
// optional pseudo-terminal, signals), SFTP, and connections to unix sockets (direct-streamlocal@openssh.com).
//
// It is not a general server: no passwords, no other users, no TCP forwarding, no agent. Callers: the command `init` of
// drover-node.
package sshserver
