// Package storage takes the place of the client of Google Cloud Storage in our build of Temporal, where only the archiver
// for gs:// addresses would use it. Its gRPC half brings all of Envoy's API.
package storage

import (
	"context"
	"errors"

	"google.golang.org/api/option"
)

// ScopeFullControl is not asked for by anything here.
const ScopeFullControl = "https://www.googleapis.com/auth/devstorage.full_control"

var errLeftOut = errors.New("archival to Google Cloud Storage is not part of this build of Temporal")

type (
	// Client cannot be had.
	Client struct{}
	// BucketHandle names a bucket.
	BucketHandle struct{}
	// ObjectHandle names an object.
	ObjectHandle struct{}
	// BucketAttrs describes a bucket.
	BucketAttrs struct{}
	// ObjectAttrs describes an object.
	ObjectAttrs struct{ Name string }
	// Query selects objects.
	Query struct{ Prefix string }
	// ObjectIterator lists objects.
	ObjectIterator struct{}
	// Reader reads an object.
	Reader struct{}
	// Writer writes an object.
	Writer struct{}
)

// NewClient always fails.
func NewClient(context.Context, ...option.ClientOption) (*Client, error) { return nil, errLeftOut }

// Bucket returns a handle whose requests fail.
func (*Client) Bucket(string) *BucketHandle { return &BucketHandle{} }

// Attrs always fails.
func (*BucketHandle) Attrs(context.Context) (*BucketAttrs, error) { return nil, errLeftOut }

// Object returns a handle whose requests fail.
func (*BucketHandle) Object(string) *ObjectHandle { return &ObjectHandle{} }

// Objects returns a list that fails.
func (*BucketHandle) Objects(context.Context, *Query) *ObjectIterator { return &ObjectIterator{} }

// Next always fails.
func (*ObjectIterator) Next() (*ObjectAttrs, error) { return nil, errLeftOut }

// Attrs always fails.
func (*ObjectHandle) Attrs(context.Context) (*ObjectAttrs, error) { return nil, errLeftOut }

// NewReader always fails.
func (*ObjectHandle) NewReader(context.Context) (*Reader, error) { return nil, errLeftOut }

// NewWriter returns a writer that fails.
func (*ObjectHandle) NewWriter(context.Context) *Writer { return &Writer{} }

// Read always fails.
func (*Reader) Read([]byte) (int, error) { return 0, errLeftOut }

// Close has nothing to close.
func (*Reader) Close() error { return nil }

// Write always fails.
func (*Writer) Write([]byte) (int, error) { return 0, errLeftOut }

// Close always fails: nothing was written.
func (*Writer) Close() error { return errLeftOut }

// CloseWithError has nothing to close.
func (*Writer) CloseWithError(error) error { return nil }
