package bytescaletest

import "github.com/c88edac7/bytescale-go/bytescaletest/fault"

// Fail scripts faults, in addition to those scripted before. A request is hit by
// the first fault that chooses it. Fail panics if a fault is not valid, which is a
// mistake in the test; [fault.Fault.Validate] returns the reason as an error.
func (s *Server) Fail(faults ...fault.Fault) {
	if err := s.core.Fail(faults...); err != nil {
		panic("bytescaletest: " + err.Error())
	}
}

// UnusedFaults lists the scripted faults that have not happened yet.
func (s *Server) UnusedFaults() []fault.Fault { return s.core.UnusedFaults() }

// ClearFaults removes all scripted faults. Those that have not happened do not fail the test.
func (s *Server) ClearFaults() { s.core.ClearFaults() }
