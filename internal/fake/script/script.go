// Package script holds the scripted faults of a server and chooses the one that
// hits a request.
package script

import (
	"fmt"
	"sync"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// Limits, because a script lives as long as its server, and strangers choose the
// uploads that are counted.
const (
	maxFaults   = 10_000
	maxCounted  = 100_000 // uploads, or parts of uploads, that are counted by themselves
	maxUploadID = 64      // bytes of the id of an upload that is counted
)

// Script is a list of faults and what they have hit so far. The zero value is
// empty. It is safe for concurrent use.
type Script struct {
	mu      sync.Mutex
	entries []*entry
	counted int // sum of the lengths of all seen
	// misled are the uploads about which a fault told something untrue. What
	// clients do wrong with them from then on is not their mistake.
	misled map[string]bool
}

// entry is a fault with the requests counted that it chooses.
type entry struct {
	fault.Fault
	seen map[counted]int
	hit  bool
}

// counted is what occurrences are counted for; zero for all together.
type counted struct {
	upload string
	part   int64
}

// Request is what a fault can choose a request by.
type Request struct {
	Operation string // empty if it is none; no fault hits it then
	Upload    string // "" if the operation has none
	Part      int64  // -1 if the operation has none
}

// Add appends faults. If one is not valid, or if they are too many, none is added.
func (s *Script) Add(faults ...fault.Fault) error {
	added := make([]*entry, len(faults))
	for i, f := range faults {
		if err := f.Validate(); err != nil {
			return err
		}
		added[i] = &entry{Fault: f, seen: map[counted]int{}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries)+len(added) > maxFaults {
		return fmt.Errorf("fault: more than %d faults are scripted", maxFaults)
	}
	s.entries = append(s.entries, added...)
	return nil
}

// Clear removes all faults.
func (s *Script) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries, s.counted = nil, 0
}

// Unused lists the faults that have hit nothing yet.
func (s *Script) Unused() []fault.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var unused []fault.Fault
	for _, e := range s.entries {
		if !e.hit {
			unused = append(unused, e.Fault)
		}
	}
	return unused
}

// Next returns the fault that hits a request, or nil. It is the first one that
// chooses the request. Every fault that chooses it counts it.
func (s *Script) Next(r Request) *fault.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var chosen *entry
	for _, e := range s.entries {
		if s.chooses(e, r) && chosen == nil {
			chosen = e
		}
	}
	if chosen == nil {
		return nil
	}
	chosen.hit = true
	if misleads(&chosen.Fault) {
		s.mislead(r.Upload)
	}
	return &chosen.Fault
}

// chooses counts a request and reports whether the fault hits it. A fault that counts
// each part by itself does not hit what there is no room to count.
func (s *Script) chooses(e *entry, r Request) bool {
	if e.Operation != fault.AnyOperation && e.Operation != r.Operation || r.Operation == "" {
		return false
	}
	if e.Part != nil && *e.Part != r.Part {
		return false
	}
	var key counted
	if e.EachPart {
		key = counted{r.Upload, r.Part}
	}
	if e.seen[key] == 0 {
		if e.EachPart && (s.counted >= maxCounted || len(r.Upload) > maxUploadID) {
			return false
		}
		s.counted++
	}
	e.seen[key]++
	first, times := max(e.Occurrence, 1), e.Times
	if times == 0 {
		times = 1
	}
	return e.seen[key] >= first && (times < 0 || e.seen[key] < first+times)
}

// misleads reports whether a client may do wrong because of the fault.
func misleads(f *fault.Fault) bool {
	switch f.Kind {
	case fault.WrongETag, fault.Edit, fault.Garbage, fault.WrongShape, fault.ForgetUpload:
		return true
	case fault.Status:
		return f.Status < 300
	}
	return false
}

// Mislead notes that a fault told something untrue about an upload.
func (s *Script) Mislead(upload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mislead(upload)
}

func (s *Script) mislead(upload string) {
	if upload == "" || len(upload) > maxUploadID || len(s.misled) >= maxCounted {
		return
	}
	if s.misled == nil {
		s.misled = map[string]bool{}
	}
	s.misled[upload] = true
}

// Misled reports whether a fault told something untrue about an upload.
func (s *Script) Misled(upload string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.misled[upload]
}
