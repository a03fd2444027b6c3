package suite

import (
	"context"
	"errors"
	"fmt"

	"github.com/c88edac7/bytescale-go/contract"
)

// A Failure is one way in which a document disagrees with the service.
type Failure struct {
	Check   string // which check found it
	Message string
}

// String is the failure in one line.
func (f Failure) String() string { return f.Check + ": " + f.Message }

// Run holds a document, in YAML or JSON, against the service as it is known. No failures mean that it describes it.
func Run(document []byte) []Failure {
	failures, _ := run(document, settings{})
	return failures
}

// First is Run that stops at the first failure.
func First(document []byte) (Failure, bool) {
	failures, _ := run(document, settings{stopAtFirst: true})
	if len(failures) == 0 {
		return Failure{}, false
	}
	return failures[0], true
}

// RunWithCoverage is Run that also gives what of the document was exercised, and notes it in a recorder as well.
func RunWithCoverage(document []byte, also *contract.Recorder) ([]Failure, *contract.Coverage) {
	return run(document, settings{also: also})
}

type settings struct {
	stopAtFirst bool
	also        *contract.Recorder
}

// checks are all checks of the suite. Those that find most come first.
var checks = []struct {
	name string
	run  func(*world)
}{
	{"default servers", checkServers},
	{"responses", checkResponses},
	{"requests", checkRequests},
	{"parameters", checkParameters},
	{"response headers", checkHeaders},
	{"undocumented answers", checkUndocumented},
	{"undocumented requests", checkUnknownRequests},
	{"refused credentials", checkRefusedCredentials},
	{"generated client", checkTours},
	{"download", checkDownloads},
	{"SDK", checkSDK},
	{"errors of the service", checkOwnErrors},
	{"documented errors", checkFaults},
	{"coverage", checkCoverage}, // last: it looks at what the others did
}

var errStop = errors.New("stop")

func run(document []byte, s settings) (failures []Failure, coverage *contract.Coverage) {
	loaded, err := contract.Load(document)
	if err != nil {
		return []Failure{{"load", err.Error()}}, nil
	}
	w, err := newWorld(loaded, s.also)
	if err != nil {
		return []Failure{{"fake service", err.Error()}}, nil
	}
	defer w.close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.ctx = ctx
	defer func() {
		failures, coverage = w.failures, loaded.Coverage(w.recorder)
		if p := recover(); p != nil && p != any(errStop) {
			panic(p)
		}
	}()
	for _, c := range checks {
		w.fail = func(format string, args ...any) {
			w.failures = append(w.failures, Failure{c.name, fmt.Sprintf(format, args...)})
			if s.stopAtFirst {
				panic(errStop)
			}
		}
		c.run(w)
	}
	return nil, nil // the deferred function says
}

// checkCoverage demands that everything the document describes was exercised: what nothing exercises, nobody has seen
// to be true.
func checkCoverage(w *world) {
	for _, p := range w.document.Coverage(w.recorder).Missing() {
		w.fail("not exercised: %s", p)
	}
}
