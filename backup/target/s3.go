package target

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"drover/fault"
)

// S3Options name a bucket of an S3 server.
type S3Options struct {
	Endpoint string // host:port
	Bucket   string
	Prefix   string // of all names, without a slash at its end
	Region   string
	Insecure bool // plain HTTP
	// AccessKey and SecretKey are the credentials.
	AccessKey, SecretKey string
}

// S3 keeps objects in a bucket, which must exist. Servers store an object as a whole or not at all.
type S3 struct {
	client         *minio.Client
	bucket, prefix string
}

// NewS3 returns the target of a bucket. It contacts no server.
func NewS3(o S3Options) (*S3, error) {
	client, err := minio.New(o.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""), Secure: !o.Insecure, Region: o.Region,
		MaxRetries: 3, // activities try again themselves, and report what the server says
	})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "S3 server %s", o.Endpoint)
	}
	prefix := strings.Trim(o.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &S3{client, o.Bucket, prefix}, nil
}

// Put implements Target.
func (s *S3) Put(ctx context.Context, name string, data []byte) error {
	if err := valid(name); err != nil {
		return err
	}
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{DisableMultipart: true, SendContentMd5: true, ContentType: "application/octet-stream"})
	return s.failed(err, "write", name)
}

// Get implements Target.
func (s *S3) Get(ctx context.Context, name string) ([]byte, error) {
	if err := valid(name); err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, s.failed(err, "read", name)
	}
	defer func() { _ = object.Close() }()
	data, err := io.ReadAll(object)
	return data, s.failed(err, "read", name)
}

// Has implements Target.
func (s *S3) Has(ctx context.Context, name string) (bool, error) {
	if err := valid(name); err != nil {
		return false, err
	}
	_, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if err = s.failed(err, "look for", name); fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// List implements Target.
func (s *S3) List(ctx context.Context, prefix string) ([]string, error) {
	ctx, done := context.WithCancel(ctx)
	defer done() // ends the listing when it is left early
	var names []string
	for o := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}) {
		if o.Err != nil {
			return nil, s.failed(o.Err, "list", prefix)
		}
		names = append(names, strings.TrimPrefix(o.Key, s.prefix))
	}
	slices.Sort(names)
	return names, nil
}

// Delete implements Target.
func (s *S3) Delete(ctx context.Context, name string) error {
	if err := valid(name); err != nil {
		return err
	}
	err := s.failed(s.client.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{}), "delete", name)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// failed is the fault of a request. What a server says of a bucket is said of the settings.
func (s *S3) failed(err error, verb, name string) error {
	if err == nil {
		return nil
	}
	const format = "backups: %s %s in bucket %s"
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return fault.Wrap(err, fault.Unreachable, format, verb, name, s.bucket)
	}
	switch {
	case answer.Code == minio.NoSuchBucket:
		return fault.Wrap(err, fault.Invalid, format, verb, name, s.bucket).WithHint("create the bucket, or name another one in the worker's configuration file")
	case answer.Code == minio.NoSuchKey, answer.StatusCode == http.StatusNotFound:
		return fault.Wrap(err, fault.NotFound, format, verb, name, s.bucket)
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return fault.Wrap(err, fault.Unauthorized, format, verb, name, s.bucket)
	}
	return fault.Wrap(err, fault.Unreachable, format, verb, name, s.bucket)
}
