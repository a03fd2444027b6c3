package main

import (
	"cmp"
	"fmt"
	"sync"

	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// speed is the flags for the speed of uploads.
type speed struct {
	concurrency, files int
	apiRate            float64
	single             singleRequest

	flags *pflag.FlagSet
}

// addSpeed adds the flags. The usage of the first two differs between commands.
func (s *speed) addSpeed(flags *pflag.FlagSet, concurrency, files string) {
	s.flags = flags
	flags.IntVar(&s.concurrency, "concurrency", 8, concurrency)
	flags.IntVar(&s.files, "files", 64, files)
	flags.Float64Var(&s.apiRate, "api-rate", 800, "Send up to `N` API requests per second, by default 800. Accounts are limited to 1000 unless raised.")
	s.single.addFlag(flags)
}

// checkSpeed rejects values that are out of range.
func (s *speed) checkSpeed() error {
	return cmp.Or(checkSpeed(s.concurrency, s.files, s.apiRate), s.single.check())
}

// clientOptions returns the options of the client for so many files at a time. Without
// --concurrency, small files follow the latency.
func (s *speed) clientOptions(most openLimit, files int) []bytescale.ClientOption {
	options := append(most.options(files), bytescale.WithAPIRate(s.apiRate))
	if s.flags.Changed("concurrency") {
		options = append(options, bytescale.WithPutsInFlight(s.concurrency))
	}
	return options
}

// dirOptions returns the options of UploadDir for so many files at a time. Without --files, and
// with room for many, the client has as many as the latency takes.
func (s *speed) dirOptions(most openLimit, files int) []bytescale.DirOption {
	if !s.flags.Changed("files") && most.allowed >= 1024 {
		return nil
	}
	return []bytescale.DirOption{bytescale.WithFilesInFlight(files)}
}

// checkSpeed rejects values of the flags for speed that are out of range.
func checkSpeed(concurrency, files int, apiRate float64) error {
	switch {
	case concurrency < 1 || concurrency > 256:
		return fmt.Errorf("--concurrency %d is outside 1..256", concurrency)
	case files < 1 || files > 1024:
		return fmt.Errorf("--files %d is outside 1..1024", files)
	case !(apiRate > 0 && apiRate <= 1e6): // rejects NaN too
		return fmt.Errorf("--api-rate %v must be above 0, at most 1000000", apiRate)
	}
	return nil
}

// openPerFile is how many open files each file under way takes at most: the file, twice, the
// lock of its checkpoint or its part and state, and a connection each for calls and for bytes.
const openPerFile = 5

// openLimit is what the limit of open files allows.
type openLimit struct {
	open    int // files and connections that the process may have open
	allowed int // files at a time
}

// mostFiles returns how many files at a time the limit of open files allows, if each takes
// so many.
func mostFiles(each int) openLimit {
	limit := openFilesLimit()
	return openLimit{limit, max(1, (limit-16)/each)}
}

// files returns how many files are transferred at a time: as many as are wanted, or as the
// limit allows, which is said.
func (l openLimit) files(wanted int, quiet bool, note func(format string, args ...any)) int {
	if l.allowed < wanted && !quiet {
		note("%s at a time, since the process may have only %d open; see ulimit -n", plural(l.allowed, "file", "files"), l.open)
	}
	return min(wanted, l.allowed)
}

// options returns the client's option for so many files at a time. Small files need a call in
// flight each, because their bytes take no time. By default the client has as many as the
// latency takes, each with a connection.
func (l openLimit) options(files int) []bytescale.ClientOption {
	if files <= 64 && l.allowed >= 1024 {
		return nil
	}
	return []bytescale.ClientOption{bytescale.WithAPICallsInFlight(min(max(64, files), max(2, l.allowed)))}
}

// singleRequest is the flag --single-request.
type singleRequest struct {
	size byteSize // 0 for none
	once sync.Once
}

func (s *singleRequest) addFlag(flags *pflag.FlagSet) {
	flags.Var(&s.size, "single-request", "Store files of up to `size`, at most 16MiB, by one request each, if their path is fixed. They get no original name. By default none.")
}

// check rejects a size that is out of range.
func (s *singleRequest) check() error {
	if s.size > 16<<20 {
		return fmt.Errorf("--single-request %s is more than 16 MiB", s.size.String())
	}
	return nil
}

// options returns the options of an upload. A single request has no original name, which parts
// take from the file.
func (s *singleRequest) options(originalName string) []bytescale.UploadOption {
	if s.size > 0 {
		return []bytescale.UploadOption{bytescale.WithSingleRequest(int64(s.size))}
	}
	return []bytescale.UploadOption{bytescale.WithOriginalFileName(originalName)}
}

// observe says once why small files are sent in parts.
func (s *singleRequest) observe(e bytescale.Event, note func(format string, args ...any)) {
	if e.Kind == bytescale.EventNoSingleRequest {
		s.once.Do(func() { note("--single-request does not apply to some files, which are sent in parts: %s", e.Err) })
	}
}
