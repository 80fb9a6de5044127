package lifecycle

import "fmt"

// Protects is the refusal of a protected cluster: to be deleted or ceased, and to have the guards of its nodes overridden by
// force. A deletion that has passed its guards is finished all the same: there is nothing left to protect.
func Protects(r *Record, op Op, force bool) *Refusal {
	goes := op == OpDeleteCluster || op == OpCeaseCluster
	if !r.Protected || r.State == Deleting || !goes && !force {
		return nil
	}
	what := "cannot be deleted"
	if !goes {
		what = "does not allow force"
	}
	return &Refusal{
		Why:  fmt.Sprintf("cluster %s (%s) is protected and %s", r.ClusterID, r.Name, what),
		Hint: "if this is intended, remove the protection first: drover unprotect " + r.ClusterID,
	}
}
