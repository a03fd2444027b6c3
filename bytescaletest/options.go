package bytescaletest

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/internal/fake"
)

// DefaultKey is the API key that clients of a server have unless [WithKeys] names
// others. It is made up; its account is A623uY2.
const DefaultKey = "secret_A623uY2bytescaletestFake"

// Option configures a server. [NewServer] and [Start] report an option with an
// invalid value by the option's name. Without options a server is strict, listens
// on a loopback port, keeps files in memory and accepts every well-formed key.
type Option func(*settings) error

type settings struct {
	core   fake.Options
	memory bool
}

// WithMemoryNetwork serves on a network in memory instead of a loopback port. It
// needs no sockets and works inside a [testing/synctest] bubble, where an upload
// with all its waits, stalls and expiring URLs takes no time. Only clients of
// [Server.Client] and [Server.HTTPClient] reach the server.
func WithMemoryNetwork() Option {
	return func(s *settings) error {
		s.memory = true
		return nil
	}
}

// WithPartSize sets the size of all parts but the last one of an upload, in bytes,
// from 1. The default is 5 MiB, or a ten-thousandth of the file rounded up to a MiB
// if that is more. The service documents no size. With small parts, tests of
// uploads in many parts are cheap.
func WithPartSize(bytes int64) Option {
	return func(s *settings) error { return s.setPartSizes("WithPartSize", bytes) }
}

// WithPartSizes sets the sizes of the first parts of an upload, in bytes, from 1.
// The last size holds for all further parts. Of WithPartSizes and [WithPartSize]
// the later one counts.
func WithPartSizes(bytes ...int64) Option {
	return func(s *settings) error { return s.setPartSizes("WithPartSizes", bytes...) }
}

func (s *settings) setPartSizes(option string, bytes ...int64) error {
	if len(bytes) == 0 {
		return fmt.Errorf("%s: no size is given", option)
	}
	for _, size := range bytes {
		if size < 1 {
			return fmt.Errorf("%s: %d is below 1", option, size)
		}
	}
	s.core.PartSizes = bytes
	return nil
}

// WithURLLifetime sets how long the URL of a part can be used. The default is one
// hour. A PUT that starts later is refused with 403 and the XML of object storage.
func WithURLLifetime(d time.Duration) Option {
	return positive("WithURLLifetime", d, func(s *settings) { s.core.URLLifetime = d })
}

// WithUploadLifetime sets how long an upload may take. The default is seven days.
// After that the server has forgotten it.
func WithUploadLifetime(d time.Duration) Option {
	return positive("WithUploadLifetime", d, func(s *settings) { s.core.UploadLifetime = d })
}

// WithAPILatency makes each API call take that much longer. The default is 0.
// Calls wait at the same time, not one after the other. PUTs of parts and downloads
// do not wait.
func WithAPILatency(d time.Duration) Option {
	return positive("WithAPILatency", d, func(s *settings) { s.core.APILatency = d })
}

// WithBandwidth limits each PUT of a part by itself, in bytes per second, from 1.
// The default is no limit.
func WithBandwidth(bytesPerSecond int64) Option {
	return positive("WithBandwidth", bytesPerSecond, func(s *settings) { s.core.Bandwidth = bytesPerSecond })
}

// WithMaxFileSize sets the largest file that the server accepts, in bytes, from 1.
// The default is 5 TiB. A larger file is refused with 413.
func WithMaxFileSize(bytes int64) Option {
	return positive("WithMaxFileSize", bytes, func(s *settings) { s.core.MaxFileSize = bytes })
}

// positive is an option whose value must be above 0.
func positive[T ~int | ~int64](option string, value T, set func(*settings)) Option {
	return func(s *settings) error {
		if value <= 0 {
			return fmt.Errorf("%s: %v is not above 0", option, value)
		}
		set(s)
		return nil
	}
}

// WithJobSteps makes jobs take time that a test controls: a job does so many entries
// of its work, from 1, each time that it was looked at with GetJob, or with ProcessFile
// if it makes a file. Before that it is Created, then Pending, then Running. By default
// all of a job is done before the request that starts it is answered.
func WithJobSteps(entries int) Option {
	return positive("WithJobSteps", entries, func(s *settings) { s.core.JobSteps = entries })
}

// WithDescendingLists makes ListFolder list by descending paths. The order of lists is
// not documented; by default it is by ascending paths. It is for tests of clients that
// must not rely on the order.
func WithDescendingLists() Option {
	return func(s *settings) error {
		s.core.ListDescending = true
		return nil
	}
}

// WithDiscard counts the bytes of files and drops them, so that uploads of any size
// need no memory. It is for benchmarks of clients. Details of such a file exist; a
// download is answered with 404 and the code content_discarded.
func WithDiscard() Option {
	return func(s *settings) error {
		s.core.Discard = true
		return nil
	}
}

// WithLenient accepts that requests break the rules of the API: the server answers
// them with the right error, as always, but does not fail the test. It is for tests
// that send such requests on purpose.
func WithLenient() Option {
	return func(s *settings) error {
		s.core.Lenient = true
		return nil
	}
}

// WithKeys names the API keys that the server accepts, at least one. All others are
// refused with 401. The first one is that of [Server.Key]. A key is well-formed if
// it is secret_ or public_, then the 7 base58 characters of an account id, then
// anything. By default every well-formed key is accepted.
//
// Once keys are named, the claims of a JWT count only if it is signed with one of
// [WithJWTKeys]. Claims of other JWTs are ignored, because anyone can write one.
func WithKeys(keys ...string) Option {
	return func(s *settings) error {
		if len(keys) == 0 {
			return errors.New("WithKeys: no key is given")
		}
		for i, key := range keys {
			if _, ok := fake.AccountOf(key); !ok {
				return fmt.Errorf("WithKeys: key number %d is not well-formed: want secret_ or public_, the 7 base58 characters of an account id, and anything after them", i+1)
			}
		}
		s.core.Keys = keys
		return nil
	}
}

// WithJWTKeys names the public keys, at least one, with which the JWTs are signed
// (RS256). Claims of other JWTs are then ignored. By default the server believes every
// JWT as long as it accepts every key.
func WithJWTKeys(keys ...*rsa.PublicKey) Option {
	return func(s *settings) error {
		if len(keys) == 0 || slices.Contains(keys, nil) {
			return errors.New("WithJWTKeys: no key is given")
		}
		s.core.JWTKeys = keys
		return nil
	}
}

// WithURLKeys names the Secure URL Keys, at least one, with which URLs are signed. A
// signed URL opens a private file, and one with a wrong signature is refused with 403,
// even if the file is public. By default the server ignores signatures.
func WithURLKeys(keys ...cdn.Key) Option {
	return func(s *settings) error {
		if len(keys) == 0 || slices.ContainsFunc(keys, func(key cdn.Key) bool { return key.ID() == "" }) {
			return errors.New("WithURLKeys: no key is given")
		}
		s.core.URLKeys = keys
		return nil
	}
}

// WithPrivateURLs lets UploadFromUrl fetch from private and loopback addresses,
// such as those of an httptest server. By default the server refuses them, as a
// service on the internet must.
func WithPrivateURLs() Option {
	return func(s *settings) error {
		s.core.AllowPrivateURLs = true
		return nil
	}
}
