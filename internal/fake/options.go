package fake

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/internal/fake/fetch"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Options configures a [Server]. The zero value is a strict server that keeps
// everything in memory.
type Options struct {
	// Origin is the address in the URLs that the server returns, such as
	// http://127.0.0.1:8744. Empty means the address of the request.
	Origin string
	// Keys are the API keys that the server accepts. None means any well-formed key.
	Keys []string
	// JWTKeys are the public keys that JWTs are signed with (RS256). If Keys or JWTKeys
	// are set, the claims of other JWTs do not count.
	JWTKeys []*rsa.PublicKey
	// URLKeys are the Secure URL Keys of the account's API keys. If there are any, the
	// signature of each URL that has one is checked, and opens private files.
	URLKeys []cdn.Key
	// PrivateFiles refuses downloads without a key of the account. By default files
	// are public.
	PrivateFiles bool

	// PartSizes are the sizes of the first parts in bytes. The last size holds for all
	// further parts. None means 5 MiB, or a ten-thousandth of the file rounded up to a
	// MiB if that is more.
	PartSizes []int64
	// URLLifetime is how long a part URL can be used; 0 means one hour.
	URLLifetime time.Duration
	// UploadLifetime is how long an upload may take; 0 means seven days.
	UploadLifetime time.Duration
	// MaxFileSize is the size of the largest file in bytes; 0 means 5 TiB.
	MaxFileSize int64

	// APILatency is the time that each API call waits before it is handled.
	APILatency time.Duration
	// Bandwidth limits each PUT of a part by itself, in bytes per second; 0 means no
	// limit.
	Bandwidth int64
	// Discard counts the bytes of files and drops them.
	Discard bool
	// Lenient does not record violations. Wrong requests are refused all the same.
	Lenient bool

	// JobSteps is how many entries of its work a job does each time that it was looked
	// at, from its creation over the statuses in between to its end. 0 does all of it
	// before the job is answered.
	JobSteps int
	// ListDescending reverses the order of lists, which is not documented, to test
	// clients that rely on it.
	ListDescending bool
	// Processors carry out transformations, by name. They come before those that the
	// fake has by itself.
	Processors map[string]Processor

	// Store keeps everything; nil means a new [store.Memory]. The server closes it.
	Store store.Store
	// SigningKey signs part URLs; empty means a random key. A store that survives a
	// restart needs a key that survives it too.
	SigningKey []byte
	// Fetcher gets the sources of UploadFromUrl; nil means [fetch.New].
	Fetcher fetch.Fetcher
	// AllowPrivateURLs lets UploadFromUrl fetch from private and loopback
	// addresses. It has no effect on a Fetcher that is set.
	AllowPrivateURLs bool

	// Document is the API description that every exchange is validated against; nil
	// means the embedded one.
	Document *contract.Document
	// Coverage records which parts of the description were exercised; nil means the
	// recorder that the environment asks for (contract.CoverageEnv), if any.
	Coverage *contract.Recorder

	// Record keeps every exchange for [Server.Exchanges].
	Record bool
	// OnExchange is called at the end of each exchange. It must be safe for concurrent
	// use.
	OnExchange func(Exchange)
	// OnFailure is called with errors that clients see only as a 500. It must be safe
	// for concurrent use.
	OnFailure func(error)
}

// check returns an error if an option is out of range.
func (o *Options) check() error {
	for _, size := range o.PartSizes {
		if size < 1 {
			return fmt.Errorf("fake: part size %d is not positive", size)
		}
	}
	if o.Bandwidth < 0 || o.APILatency < 0 || o.URLLifetime < 0 || o.UploadLifetime < 0 || o.MaxFileSize < 0 || o.JobSteps < 0 {
		return errors.New("fake: sizes, rates and durations must not be negative")
	}
	for _, key := range o.Keys {
		if _, ok := AccountOf(key); !ok {
			return errors.New("fake: an accepted API key is not well-formed: want secret_ or public_ and at least 7 more characters, the account id first")
		}
	}
	return nil
}

// processCoverage returns the recorder of all servers in this process that have none
// of their own. It is nil unless the environment asks for one.
var processCoverage = sync.OnceValues(contract.RecorderFromEnv)
