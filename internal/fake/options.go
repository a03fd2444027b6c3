package fake

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/internal/fake/fetch"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Options say how a [Server] behaves. The zero value is a strict server that
// keeps everything in memory.
type Options struct {
	// Origin is the address in the URLs that the server hands out, such as
	// http://127.0.0.1:8744. Empty means that of the request.
	Origin string
	// Keys are the API keys accepted. Empty means any well-formed one.
	Keys []string

	// PartSizes are the sizes of the first parts in bytes; the last one holds for
	// all further parts. None means 5 MiB, or whole MiB above that if there would be
	// more than 10000 parts.
	PartSizes []int64
	// URLLifetime is how long a part URL can be used; 0 means one hour.
	URLLifetime time.Duration
	// UploadLifetime is how long an upload can take; 0 means seven days.
	UploadLifetime time.Duration
	// MaxFileSize is the largest file accepted in bytes; 0 means 5 TiB.
	MaxFileSize int64

	// APILatency is waited before each API call is handled.
	APILatency time.Duration
	// Bandwidth limits each part PUT by itself, in bytes per second; 0 means
	// no limit.
	Bandwidth int64
	// Discard counts the bytes of files and drops them.
	Discard bool
	// Lenient answers wrong requests without recording a violation.
	Lenient bool

	// Store keeps everything; nil means a new [store.Memory]. The server closes
	// it.
	Store store.Store
	// SigningKey signs part URLs; empty means a random one. A store that
	// survives a restart needs a key that does.
	SigningKey []byte
	// Fetcher gets the sources of UploadFromUrl; nil means [fetch.New].
	Fetcher fetch.Fetcher
	// AllowPrivateURLs lets UploadFromUrl fetch from private and loopback
	// addresses. It has no effect on a Fetcher that is set.
	AllowPrivateURLs bool

	// Document is the API description that every exchange is held to; nil means
	// the embedded one.
	Document *contract.Document
	// Coverage notes what of the description was exercised; nil means in the
	// directory that the environment names (contract.CoverageEnv), if any.
	Coverage *contract.Recorder

	// Record keeps every exchange for [Server.Exchanges].
	Record bool
	// OnExchange is called at the end of each exchange, by many goroutines.
	OnExchange func(Exchange)
	// OnFailure is called with what clients learn only as a 500, by many
	// goroutines.
	OnFailure func(error)
}

// check finds settings that make no sense.
func (o *Options) check() error {
	for _, size := range o.PartSizes {
		if size < 1 {
			return fmt.Errorf("fake: part size %d is not positive", size)
		}
	}
	if o.Bandwidth < 0 || o.APILatency < 0 || o.URLLifetime < 0 || o.UploadLifetime < 0 || o.MaxFileSize < 0 {
		return errors.New("fake: sizes, rates and durations must not be negative")
	}
	for _, key := range o.Keys {
		if _, ok := AccountOf(key); !ok {
			return errors.New("fake: an accepted API key is not well-formed: want secret_ or public_ and at least 7 more characters, the account id first")
		}
	}
	return nil
}

// processCoverage is the recorder of all servers in this process that have none
// of their own; nil unless the environment asks for one.
var processCoverage = sync.OnceValues(contract.RecorderFromEnv)
