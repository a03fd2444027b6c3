package bytescaletest

import (
	"errors"
	"fmt"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

// DefaultKey is the API key that clients of a server have unless [WithKeys] says
// otherwise. It is made up; its account is A623uY2.
const DefaultKey = "secret_A623uY2bytescaletestFake"

// Option changes how a server behaves. The zero value of a server, without any
// option, is strict, on a loopback port, and accepts every well-formed key.
type Option func(*settings) error

type settings struct {
	core   fake.Options
	memory bool
}

// WithMemoryNetwork serves on a network in memory instead of a loopback port: no
// sockets, nothing to open, and it works inside a [testing/synctest] bubble,
// where an upload with all its waits, stalls and expiring URLs takes no time.
// Only clients of [Server.Client] and [Server.HTTPClient] reach it.
func WithMemoryNetwork() Option {
	return func(s *settings) error {
		s.memory = true
		return nil
	}
}

// WithPartSize sets the size of all parts but the last one of an upload, in bytes,
// from 1. The default is 5 MiB, or whole MiB above that where it would be more than
// 10000 parts; the service documents no size. Small parts make tests of uploads in
// many parts cheap.
func WithPartSize(bytes int64) Option {
	return WithPartSizes(bytes)
}

// WithPartSizes sets the sizes of the first parts of an upload, in bytes, from 1;
// the last one holds for all further parts. It replaces [WithPartSize].
func WithPartSizes(bytes ...int64) Option {
	return func(s *settings) error {
		if len(bytes) == 0 {
			return errors.New("PartSizes needs a size")
		}
		for _, size := range bytes {
			if size < 1 {
				return fmt.Errorf("part size %d is below 1", size)
			}
		}
		s.core.PartSizes = bytes
		return nil
	}
}

// WithURLLifetime sets how long the URL of a part can be used; the default is one
// hour. A PUT that starts later is refused with 403 and the XML of object
// storage.
func WithURLLifetime(d time.Duration) Option {
	return positive("URL lifetime", d, func(s *settings) { s.core.URLLifetime = d })
}

// WithUploadLifetime sets how long an upload can take; the default is seven days.
// After that the server has forgotten it.
func WithUploadLifetime(d time.Duration) Option {
	return positive("upload lifetime", d, func(s *settings) { s.core.UploadLifetime = d })
}

// WithAPILatency makes each API call take that much longer. Calls wait side by
// side, not in line; part PUTs and downloads do not wait. The default is 0.
func WithAPILatency(d time.Duration) Option {
	return positive("API latency", d, func(s *settings) { s.core.APILatency = d })
}

// WithBandwidth limits each part PUT by itself, in bytes per second, from 1. The
// default is no limit.
func WithBandwidth(bytesPerSecond int64) Option {
	return positive("bandwidth", bytesPerSecond, func(s *settings) { s.core.Bandwidth = bytesPerSecond })
}

// WithMaxFileSize sets the largest file that is accepted, in bytes, from 1; the
// default is 5 TiB. A larger one is refused with 413.
func WithMaxFileSize(bytes int64) Option {
	return positive("maximum file size", bytes, func(s *settings) { s.core.MaxFileSize = bytes })
}

func positive[T ~int64](name string, value T, set func(*settings)) Option {
	return func(s *settings) error {
		if value <= 0 {
			return fmt.Errorf("%s %v is not positive", name, value)
		}
		set(s)
		return nil
	}
}

// WithDiscard counts the bytes of files and drops them, so that uploads of any
// size need no memory: for benchmarks of clients. Details of such a file can
// be had; a download is answered with 404 and the code content_discarded.
func WithDiscard() Option {
	return func(s *settings) error {
		s.core.Discard = true
		return nil
	}
}

// WithLenient answers requests that break the rules of the API with the right
// error, as always, but does not fail the test: for tests that send them on
// purpose.
func WithLenient() Option {
	return func(s *settings) error {
		s.core.Lenient = true
		return nil
	}
}

// WithKeys names the API keys that the server accepts, all others are refused with
// 401. The first is that of [Server.Key]. By default every well-formed key is
// accepted: secret_ or public_, then the seven characters of an account id,
// then anything.
func WithKeys(keys ...string) Option {
	return func(s *settings) error {
		for _, key := range keys {
			if _, ok := fake.AccountOf(key); !ok {
				return errors.New("a key is not well-formed: want secret_ or public_, an account id of 7 base58 characters, and more")
			}
		}
		s.core.Keys = keys
		return nil
	}
}

// WithPrivateSources lets UploadFromUrl fetch from private and loopback
// addresses, such as an httptest server. By default it refuses them, as a
// service on the internet must.
func WithPrivateSources() Option {
	return func(s *settings) error {
		s.core.AllowPrivateURLs = true
		return nil
	}
}
