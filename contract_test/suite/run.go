package suite

import (
	"context"
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

// Options change how the suite runs.
type Options struct {
	// StopAtFirst ends the run at the first failure.
	StopAtFirst bool
	// Coverage, if not nil, notes what was exercised as well.
	Coverage *contract.Recorder
	// Observe, if not nil, is called with every exchange. Calls may be concurrent.
	Observe func(Exchange)
	// Every lets RunConstraints send only each nth message. 0 means all.
	Every int
}

// A Result is the result of a run.
type Result struct {
	// Failures is empty when the document describes the service.
	Failures []Failure
	// Coverage is what of the document was exercised, nil when the run could not begin.
	Coverage *contract.Coverage
}

// Run checks a document, in YAML or JSON, against the service as it is known.
func Run(document []byte, options Options) Result {
	loaded, err := contract.Load(document)
	if err != nil {
		return Result{Failures: []Failure{{Check: "load", Message: err.Error()}}}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h, err := newHarness(ctx, loaded, options)
	if err != nil {
		return Result{Failures: []Failure{{Check: "fake service", Message: err.Error()}}}
	}
	failures := h.run(options.StopAtFirst)
	if err := h.service.Close(); err != nil {
		failures = append(failures, Failure{Check: "fake service", Message: err.Error()})
	}
	return Result{Failures: failures, Coverage: loaded.Coverage(h.recorder)}
}

// A step is one thing that a check tries. Steps of a check run in order.
type step struct {
	what string
	do   func() error
}

// checks are all checks of the suite. Those that find most come first.
var checks = []struct {
	name  string
	steps func(*harness) []step
}{
	{"default servers", defaultServers},
	{"responses", changedResponses},
	{"requests", changedRequests},
	{"parameters", changedParameters},
	{"response headers", changedHeaders},
	{"undocumented answers", undocumentedAnswers},
	{"undocumented requests", undocumentedRequests},
	{"refused credentials", refusedCredentials},
	{"generated client", sessions},
	{"download", downloads},
	{"transformations", transformations},
	{"SDK", useOfTheSDK},
	{"errors of the service", serviceErrors},
	{"documented errors", scriptedErrors},
	{"coverage", coverage}, // last, because it looks at what the others did
}

func (h *harness) run(stopAtFirst bool) (failures []Failure) {
	for _, check := range checks {
		for _, step := range check.steps(h) {
			h.what = step.what
			if err := step.do(); err != nil {
				failures = append(failures, Failure{Check: check.name, Message: fmt.Sprintf("%s: %v", step.what, err)})
				if stopAtFirst {
					return failures
				}
			}
		}
	}
	return failures
}
