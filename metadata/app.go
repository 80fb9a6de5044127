package metadata

// App is one published version of an application package.
type App struct {
	AppID     string `json:"app_id"`
	VersionID string `json:"version_id"`
	// Digest is the SHA-256 of the archive in hex; the store computes it when it is empty.
	Digest      string `json:"digest"`
	PublishedAt string `json:"published_at"` // RFC 3339, UTC
	// Roles in order, "" for role-less.
	Roles []string `json:"roles"`
	// Yanked is since when the version is not given to new clusters, RFC 3339, UTC; empty: it is.
	Yanked string `json:"yanked,omitempty"`
	// Problem is the reason why the description cannot be read; only the ids are set then.
	Problem string `json:"-"`
	// Archive is the package as tar.gz. It is stored separately; lists omit it.
	Archive []byte `json:"-"`
}

// AppState is a published version without its archive, and what a change of it requires: that it is still as it was read, and
// that no cluster has got it since.
type AppState struct {
	App
	Index uint64 // of the description
	Used  uint64 // of the mark that every cluster changes which gets the version
}
