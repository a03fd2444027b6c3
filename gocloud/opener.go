package bytescaleblob

import (
	"context"
	"fmt"
	"net/url"
	"sync"

	"gocloud.dev/blob"

	"github.com/c88edac7/bytescale-go"
)

// Scheme is the scheme of the URLs that [URLOpener] opens.
const Scheme = "bytescale"

func init() {
	blob.DefaultURLMux().RegisterBucket(Scheme, fromEnvironment{})
}

// fromEnvironment opens URLs with a client that is made at the first one.
type fromEnvironment struct{}

var environment = sync.OnceValues(func() (*bytescale.Client, error) { return bytescale.NewClientFromEnv() })

func (fromEnvironment) OpenBucketURL(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	client, err := environment()
	if err != nil {
		return nil, fmt.Errorf("open bucket %v: %w", u, err)
	}
	return (&URLOpener{Client: client}).OpenBucketURL(ctx, u)
}

// URLOpener opens URLs such as
//
//	bytescale:///uploads          the folder /uploads
//	bytescale://A623uY2/uploads   the same; the account must be that of the client
//
// The default one of gocloud.dev/blob makes its client from the environment, as
// [bytescale.NewClientFromEnv] does, when it opens the first URL. URLs have no parameters.
type URLOpener struct {
	// Client is required.
	Client *bytescale.Client
	// Options are those of the buckets, except for the folder.
	Options Options
}

// OpenBucketURL opens the bucket of a URL. It sends nothing.
func (o *URLOpener) OpenBucketURL(_ context.Context, u *url.URL) (*blob.Bucket, error) {
	for name := range u.Query() {
		return nil, fmt.Errorf("open bucket %v: unknown parameter %q", u, name)
	}
	if o.Client == nil {
		return nil, fmt.Errorf("open bucket %v: there is no client", u)
	}
	if account := o.Client.AccountID(); u.Host != "" && u.Host != account {
		return nil, fmt.Errorf("open bucket %v: the client is of account %s", u, account)
	}
	options := o.Options
	options.Folder = u.Path
	bucket, err := OpenBucket(o.Client, &options)
	if err != nil {
		return nil, fmt.Errorf("open bucket %v: %w", u, err)
	}
	return bucket, nil
}
