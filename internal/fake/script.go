package fake

import "sync"

// script holds the faults that are still to happen.
type script struct {
	mu     sync.Mutex
	faults []*scripted
	// taints are uploads that a fault told something untrue about. What clients
	// do wrong with them from then on is not their mistake.
	taints map[string]bool
}

// scripted is a fault with the exchanges counted that it chooses.
type scripted struct {
	Fault
	seen map[occurrence]int
	hit  bool
}

// occurrence is what occurrences are counted for; zero for all together.
type occurrence struct {
	upload string
	part   int64
}

// Fail scripts faults, in addition to those scripted before. An exchange is
// hit by the first fault that chooses it. A fault with a mistake in it is
// refused, and then none of them is scripted.
func (s *Server) Fail(faults ...Fault) error {
	added := make([]*scripted, len(faults))
	for i, fault := range faults {
		if err := fault.Validate(); err != nil {
			return err
		}
		added[i] = &scripted{Fault: fault, seen: map[occurrence]int{}}
	}
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.faults = append(s.script.faults, added...)
	return nil
}

// UnusedFaults lists the scripted faults that have hit nothing yet.
func (s *Server) UnusedFaults() []Fault {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	var unused []Fault
	for _, fault := range s.script.faults {
		if !fault.hit {
			unused = append(unused, fault.Fault)
		}
	}
	return unused
}

// next gives the fault that hits a call, nil if none does.
func (s *script) next(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var chosen *scripted
	for _, fault := range s.faults {
		if fault.chooses(c) && chosen == nil {
			chosen = fault
		}
	}
	if chosen == nil {
		return nil
	}
	chosen.hit = true
	if chosen.misleads() {
		s.taintLocked(c.upload)
	}
	return &chosen.Fault
}

// chooses counts a call and tells whether the fault wants it.
func (f *scripted) chooses(c *call) bool {
	if f.Operation != AnyOperation && f.Operation != c.operation || c.operation == "" {
		return false
	}
	if f.Part != nil && *f.Part != c.part {
		return false
	}
	var key occurrence
	if f.EachPart {
		key = occurrence{c.upload, c.part}
	}
	f.seen[key]++
	first, times := max(f.Occurrence, 1), f.Times
	if times == 0 {
		times = 1
	}
	return f.seen[key] >= first && (times < 0 || f.seen[key] < first+times)
}

// misleads tells whether a client may do wrong because of the fault.
func (f *Fault) misleads() bool {
	switch f.Kind {
	case FaultWrongETag, FaultEdit, FaultGarbage, FaultWrongShape, FaultForgetUpload:
		return true
	case FaultStatus:
		return f.Status < 300
	}
	return false
}

func (s *script) taintLocked(upload string) {
	if upload == "" {
		return
	}
	if s.taints == nil {
		s.taints = map[string]bool{}
	}
	s.taints[upload] = true
}

func (s *script) taint(upload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taintLocked(upload)
}

func (s *script) tainted(upload string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taints[upload]
}
