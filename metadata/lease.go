package metadata

// Lease says which worker does what one worker must do for all.
type Lease struct {
	Holder string `json:"holder"`
	// At is when it was taken or renewed; every renewal is another value, which the store notes.
	At    string `json:"at"`
	Index uint64 `json:"-"`
}
