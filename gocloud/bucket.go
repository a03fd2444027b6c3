package bytescaleblob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/cdn"
)

// Options of a bucket.
type Options struct {
	// Folder is the folder in which the blobs are, such as "/uploads". It need not exist.
	// The default is the root folder.
	Folder string
	// URLKey signs the URLs of private files for SignedURL. Without it, SignedURL is
	// unimplemented.
	URLKey cdn.Key
}

// OpenBucket returns a bucket of the client's account. It sends nothing, and fails only for a
// folder that the service cannot have. The client is not closed with the bucket.
//
// The client needs a key that may read, create, overwrite, delete and list in the folder: a
// secret key may.
func OpenBucket(client *bytescale.Client, opts *Options) (*blob.Bucket, error) {
	b, err := newBucket(client, opts)
	if err != nil {
		return nil, err
	}
	return blob.NewBucket(b), nil
}

func newBucket(client *bytescale.Client, opts *Options) (*bucket, error) {
	if client == nil {
		return nil, errors.New("bytescaleblob: the client is nil")
	}
	if opts == nil {
		opts = &Options{}
	}
	root := strings.TrimSuffix(opts.Folder, "/")
	if root != "" {
		if _, err := client.FileURL(root); err != nil {
			return nil, fmt.Errorf("bytescaleblob: the folder: %w", err)
		}
	}
	return &bucket{client: client, root: root, key: opts.URLKey}, nil
}

type bucket struct {
	client *bytescale.Client
	root   string // without a slash at its end
	key    cdn.Key
}

func (b *bucket) path(key string) string { return pathOf(b.root, key) }

func (b *bucket) Close() error { return nil }

func (b *bucket) As(i any) bool {
	client, ok := i.(**bytescale.Client)
	if ok {
		*client = b.client
	}
	return ok
}

func (b *bucket) ErrorAs(err error, i any) bool { return errors.As(err, i) }

var (
	errUnimplemented = errors.New("the service cannot do this")
	errExists        = errors.New("the blob exists")
	errNoKey         = errors.New("the key is empty")
)

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	var answer *bytescale.APIError
	var argument *bytescale.ArgumentError
	switch {
	case errors.Is(err, errUnimplemented):
		return gcerrors.Unimplemented
	case errors.Is(err, errExists):
		return gcerrors.FailedPrecondition
	case errors.Is(err, context.Canceled):
		return gcerrors.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return gcerrors.DeadlineExceeded
	case errors.Is(err, bytescale.ErrNotFound):
		return gcerrors.NotFound
	case errors.As(err, &argument), errors.Is(err, errNoKey):
		return gcerrors.InvalidArgument
	case errors.As(err, &answer):
		switch answer.Status {
		case http.StatusBadRequest:
			return gcerrors.InvalidArgument
		case http.StatusUnauthorized, http.StatusForbidden:
			return gcerrors.PermissionDenied
		case http.StatusTooManyRequests:
			return gcerrors.ResourceExhausted
		}
	}
	return gcerrors.Unknown
}

func (b *bucket) Copy(ctx context.Context, dstKey, srcKey string, opts *driver.CopyOptions) error {
	copied := bytescale.FileCopy{Source: b.path(srcKey), Destination: b.path(dstKey)}
	if opts.BeforeCopy != nil {
		if err := opts.BeforeCopy(as(&copied)); err != nil {
			return err
		}
	}
	return b.client.CopyFile(ctx, copied)
}

func (b *bucket) Delete(ctx context.Context, key string) error {
	return b.client.DeleteFile(ctx, b.path(key))
}

func (b *bucket) SignedURL(_ context.Context, key string, opts *driver.SignedURLOptions) (string, error) {
	if opts.Method != http.MethodGet {
		return "", fmt.Errorf("%w: URLs can be signed for GET only", errUnimplemented)
	}
	if b.key.ID() == "" {
		return "", fmt.Errorf("%w: the bucket has no key to sign with", errUnimplemented)
	}
	address, err := b.client.FileURL(b.path(key))
	if err != nil {
		return "", err
	}
	if opts.BeforeSign != nil {
		if err := opts.BeforeSign(func(any) bool { return false }); err != nil {
			return "", err
		}
	}
	return b.key.Sign(address, time.Now().Add(opts.Expiry))
}

// as returns the function by which a callback gets at a value of the driver.
func as[T any](value *T) func(any) bool {
	return func(i any) bool {
		p, ok := i.(**T)
		if ok {
			*p = value
		}
		return ok
	}
}
