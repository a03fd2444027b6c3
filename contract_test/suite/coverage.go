package suite

import "errors"

// coverage demands that everything the document describes was exercised: what nothing exercises,
// nobody has seen to be true.
func coverage(h *harness) []step {
	var steps []step
	for _, p := range h.document.Coverage(h.recorder).Missing() {
		steps = append(steps, step{"not exercised: " + p.String(), func() error { return errors.New("no valid exchange had it") }})
	}
	return steps
}
