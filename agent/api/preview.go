package api

// PreviewRequest asks what a change of the cluster's metadata would do to the files of this node. Keys are as they are stored
// below the cluster, "self/env/quota".
type PreviewRequest struct {
	Set    map[string]string `json:"set,omitempty"`
	Delete []string          `json:"delete,omitempty"`
}

// PreviewLimit is how many files and warnings one PreviewResult names.
const PreviewLimit = 200

// PreviewResult is what a pass would do. Nothing was written and no command ran.
type PreviewResult struct {
	Files []PreviewFile `json:"files,omitempty"`
	// Warnings are resources that could not be rendered.
	Warnings []Warning `json:"warnings,omitempty"`
	// More is how many files are left out.
	More int `json:"more,omitempty"`
}

// PreviewFile is a file that would be replaced, without its content.
type PreviewFile struct {
	Resource string `json:"resource"`
	Dest     string `json:"dest"`
	New      bool   `json:"new,omitempty"` // it does not exist
	// Reload is the command that would run after the files of the pass are replaced.
	Reload string `json:"reload_cmd,omitempty"`
}
