package script

import (
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

func put(upload string, part int64) Request {
	return Request{Operation: fault.PutPart, Upload: upload, Part: part}
}

func TestOccurrencesAndTimes(t *testing.T) {
	for name, test := range map[string]struct {
		fault fault.Fault
		calls []Request
		hit   []bool
	}{
		"the first one": {fault.Fault{}, []Request{put("u", 0), put("u", 0)}, []bool{true, false}},
		"the second and the third": {fault.Fault{Occurrence: 2, Times: 2},
			[]Request{put("u", 0), put("u", 1), put("v", 0), put("u", 0)}, []bool{false, true, true, false}},
		"all from the second on": {fault.Fault{Occurrence: 2, Times: -1},
			[]Request{put("u", 0), put("u", 0), put("u", 0)}, []bool{false, true, true}},
		"each part": {fault.Fault{EachPart: true},
			[]Request{put("u", 0), put("u", 1), put("v", 1), put("u", 1)}, []bool{true, true, true, false}},
		"one part": {fault.Fault{Part: fault.Part(1)},
			[]Request{put("u", 0), put("u", 1)}, []bool{false, true}},
		"another operation": {fault.Fault{Operation: "DeleteFile"}, []Request{put("u", 0)}, []bool{false}},
		"any operation": {fault.Fault{Operation: fault.AnyOperation, Times: -1},
			[]Request{{}, put("u", 0)}, []bool{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var s Script
			f := test.fault
			f.Kind = fault.Reset
			if f.Operation == "" {
				f.Operation = fault.PutPart
			}
			if err := s.Add(f); err != nil {
				t.Fatal(err)
			}
			used := false
			for i, call := range test.calls {
				hit := s.Next(call) != nil
				if hit != test.hit[i] {
					t.Errorf("request %d: hit %v", i, hit)
				}
				used = used || hit
			}
			if unused := len(s.Unused()); unused != 0 == used {
				t.Errorf("%d unused faults", unused)
			}
		})
	}
}

// Of two faults that choose a request, the first one hits. The other one counts
// the request.
func TestFirstFaultHits(t *testing.T) {
	var s Script
	if err := s.Add(
		fault.Fault{Operation: fault.PutPart, Kind: fault.Reset},
		fault.Fault{Operation: fault.PutPart, Kind: fault.Stall, Occurrence: 2},
	); err != nil {
		t.Fatal(err)
	}
	first, second := s.Next(put("u", 0)), s.Next(put("u", 0))
	if first == nil || first.Kind != fault.Reset || second == nil || second.Kind != fault.Stall {
		t.Errorf("hit by %v and %v", first, second)
	}
}

func TestAddAllOrNothing(t *testing.T) {
	var s Script
	if err := s.Add(fault.Fault{Operation: fault.PutPart, Kind: fault.Reset}, fault.Fault{}); err == nil {
		t.Error("an invalid fault was added")
	}
	if unused := s.Unused(); len(unused) != 0 {
		t.Errorf("added: %v", unused)
	}
}

// A client that a fault misled is not blamed for what it does with that upload.
func TestMisled(t *testing.T) {
	for _, f := range []fault.Fault{
		{Kind: fault.WrongETag}, {Kind: fault.Garbage}, {Kind: fault.ForgetUpload}, {Kind: fault.Status, Status: 204},
		{Kind: fault.Status, Status: 500}, {Kind: fault.Reset},
	} {
		var s Script
		f.Operation = fault.PutPart
		if err := s.Add(f); err != nil {
			t.Fatal(err)
		}
		s.Next(put("u", 0))
		if want := f.Kind != fault.Reset && f.Status != 500; s.Misled("u") != want || s.Misled("v") {
			t.Errorf("%s: misled %v, want %v", f, s.Misled("u"), want)
		}
		s.Mislead("")
		if s.Misled("") {
			t.Error("a request without an upload misleads")
		}
	}
}

// What strangers send does not make a script grow without end.
func TestScriptIsBounded(t *testing.T) {
	var s Script
	if err := s.Add(fault.Fault{Operation: fault.PutPart, EachPart: true, Times: -1, Kind: fault.WrongETag}); err != nil {
		t.Fatal(err)
	}
	if s.Next(put(strings.Repeat("u", maxUploadID+1), 0)) != nil {
		t.Error("a long upload id was counted")
	}
	for part := range int64(maxCounted) {
		if s.Next(put("u", part)) == nil {
			t.Fatalf("part %d was not hit", part)
		}
	}
	if s.Next(put("u", maxCounted)) != nil {
		t.Error("one more was counted")
	}
	if s.Next(put("u", 0)) == nil {
		t.Error("one that is counted was not hit")
	}
	if err := s.Add(make([]fault.Fault, maxFaults)...); err == nil {
		t.Error("invalid faults were scripted")
	}
	s.Clear()
	if len(s.Unused()) != 0 || s.Next(put("u", 0)) != nil || s.counted != 0 {
		t.Error("a fault is left")
	}
}
