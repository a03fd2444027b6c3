package main

import (
	"fmt"

	bytescale "github.com/c88edac7/bytescale-go"
)

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
