// Package static hands out machines that exist already: the SSH hosts of an inventory. It makes and changes no
// machine. It reserves one for an instance, puts Drover's key on it, and takes away afterwards what Drover put there.
//
// Who has which host is kept in a Book, which several workers share. How hosts are reached is a Shell's business.
// Callers: worker, through the contract drover/providers.
package static
