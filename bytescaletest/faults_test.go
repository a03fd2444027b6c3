package bytescaletest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// Each fault does what it says, to the client and to the server's state, on
// both networks.
func TestFaults(t *testing.T) {
	const content = "0123456789abcdefghijklmno" // three parts
	cases := []struct {
		name  string
		fault fault.Fault
		hit   func(*session) answer // the exchange that is hit
		want  func(answer) bool
		stays string // remaining parts after the fault, "" to leave out
	}{
		{
			name: "status from the API",
			fault: fault.Fault{Operation: "GetUploadPart", Kind: fault.Status, Status: 429,
				Code: "slow_down", Message: "Too fast.", RetryAfter: "7"},
			hit: func(s *session) answer { return s.get(1) },
			want: func(a answer) bool {
				return a.status == 429 && a.code() == "slow_down" && a.header.Get("Retry-After") == "7" &&
					a.header.Get("Content-Type") == "application/json"
			},
		},
		{
			name:  "status from storage",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Status, Status: 400, RetryAfterMillis: 250},
			hit:   func(s *session) answer { return s.put(1) },
			want: func(a answer) bool {
				return a.status == 400 && bytes.Contains(a.body, []byte("<Code>RequestTimeout</Code>")) &&
					a.header.Get("Retry-After-Ms") == "250"
			},
		},
		{
			name: "status with a redirect",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Status, Status: 300,
				Header: map[string]string{"Location": "http://elsewhere.test/"}, Body: "moved"},
			hit:  func(s *session) answer { return s.put(1) },
			want: func(a answer) bool { return a.status == 300 && string(a.body) == "moved" },
		},
		{
			name: "status after a completion",
			fault: fault.Fault{Operation: "CompleteUploadPart", Kind: fault.Status, Status: 503, After: true,
				RetryAfterDate: time.Minute},
			hit:   func(s *session) answer { return s.complete(0, s.put(0).header.Get("ETag")) },
			want:  func(a answer) bool { return a.status == 503 && a.header.Get("Retry-After") != "" },
			stays: "[1,2]",
		},
		{
			name:  "reset of a call",
			fault: fault.Fault{Operation: "GetUploadPart", Kind: fault.Reset},
			hit:   func(s *session) answer { return s.get(1) },
			want:  cutOff,
		},
		{
			name:  "reset inside a PUT",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Reset, AfterBytes: 4},
			hit:   func(s *session) answer { return s.put(1) },
			want:  cutOff,
		},
		{
			name:  "reset after a completion",
			fault: fault.Fault{Operation: "CompleteUploadPart", Kind: fault.Reset, After: true},
			hit:   func(s *session) answer { return s.complete(0, s.put(0).header.Get("ETag")) },
			want:  cutOff,
			stays: "[1,2]",
		},
		{
			name:  "reset before a completion",
			fault: fault.Fault{Operation: "CompleteUploadPart", Kind: fault.Reset},
			hit:   func(s *session) answer { return s.complete(0, s.put(0).header.Get("ETag")) },
			want:  cutOff,
			stays: "[0,1,2]",
		},
		{
			name:  "truncated answer",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.Truncate, AfterBytes: 5},
			hit:   (*session).list,
			want:  func(a answer) bool { return a.status == 200 && a.err != nil && len(a.body) == 5 },
		},
		{
			name:  "truncated answer without a byte",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.Truncate},
			hit:   (*session).list,
			want:  func(a answer) bool { return a.err != nil && len(a.body) == 0 },
		},
		{
			name:  "garbage",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.Garbage},
			hit:   (*session).list,
			want:  func(a answer) bool { return a.status == 200 && !json.Valid(a.body) },
		},
		{
			name:  "garbage instead of an error",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.Garbage, Status: 502, Body: "<html>"},
			hit:   (*session).list,
			want:  func(a answer) bool { return a.status == 502 && string(a.body) == "<html>" },
		},
		{
			name:  "wrong shape",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.WrongShape},
			hit:   (*session).list,
			want: func(a answer) bool {
				return a.status == 200 && json.Valid(a.body) && !bytes.Contains(a.body, []byte("remaining"))
			},
		},
		{
			name:  "refused URL",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.ExpiredURL},
			hit:   func(s *session) answer { return s.put(2) },
			want: func(a answer) bool {
				return a.status == 403 && bytes.Contains(a.body, []byte("<Message>Request has expired</Message>"))
			},
		},
		{
			name:  "expired URL handed out",
			fault: fault.Fault{Operation: "GetUploadPart", Kind: fault.ExpiredURL},
			hit:   func(s *session) answer { return s.put(2) },
			want:  func(a answer) bool { return a.status == 403 },
		},
		{
			name:  "wrong etag",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.WrongETag},
			hit:   func(s *session) answer { return s.complete(0, s.put(0).header.Get("ETag")) },
			want:  func(a answer) bool { return a.status == 400 && a.code() == "etag_mismatch" },
			stays: "[0,1,2]",
		},
		{
			name:  "missing etag",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.MissingETag},
			hit:   func(s *session) answer { return s.put(0) },
			want:  func(a answer) bool { return a.status == 200 && a.header.Get("ETag") == "" },
		},
		{
			name:  "refused etag",
			fault: fault.Fault{Operation: "CompleteUploadPart", Kind: fault.RefuseETag},
			hit:   func(s *session) answer { return s.complete(0, s.put(0).header.Get("ETag")) },
			want:  func(a answer) bool { return a.status == 400 && a.code() == "etag_mismatch" },
			stays: "[0,1,2]",
		},
		{
			name: "edited range",
			fault: fault.Fault{Operation: "GetUploadPart", Part: fault.Part(1), Kind: fault.Edit,
				Set: map[string]json.RawMessage{"/range/inclusiveStart": json.RawMessage("5"), "/uploadId": json.RawMessage("null")}},
			hit: func(s *session) answer { return s.get(1) },
			want: func(a answer) bool {
				return a.status == 200 && bytes.Contains(a.body, []byte(`"inclusiveStart":5`)) && !bytes.Contains(a.body, []byte("uploadId\""))
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			networks(t, func(t *testing.T, network ...bytescaletest.Option) {
				srv := bytescaletest.NewServer(t, append(network, bytescaletest.WithPartSize(10))...)
				s := newSession(t, srv)
				s.mustBegin(content)
				srv.Fail(c.fault)
				if got := c.hit(s); !c.want(got) {
					t.Errorf("got %v %v", got, got.header)
				}
				if unused := srv.UnusedFaults(); len(unused) > 0 {
					t.Errorf("unused: %v", unused)
				}
				if got := strings.TrimSpace(string(s.list().body)); c.stays != "" && got != `{"remainingUploadParts":`+c.stays+`}` {
					t.Errorf("remaining parts: %s, want %s", got, c.stays)
				}
				if got := s.finish(); got.status != 200 || s.stored() != content {
					t.Errorf("the upload did not recover: %v, stored %q", got, s.stored())
				}
			})
		})
	}
}

func TestForgetUpload(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin("0123456789abc")
	etag := s.put(0).header.Get("ETag")
	srv.Fail(fault.Fault{Operation: "CompleteUploadPart", Kind: fault.ForgetUpload})
	if got := s.complete(0, etag); got.status != 404 || got.code() != "upload_not_found" {
		t.Errorf("completing: %v", got)
	}
	if got := s.list(); got.status != 404 {
		t.Errorf("listing: %v", got)
	}
}

// Faults that take time, in virtual time.
func TestSlowFaults(t *testing.T) {
	const content = "0123456789abcdefghijklmno"
	cases := []struct {
		name  string
		fault fault.Fault
		hit   func(*session) answer
		takes time.Duration
		fails bool
	}{
		{
			name:  "delay",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.Delay, Delay: 3 * time.Second},
			hit:   (*session).list,
			takes: 3 * time.Second,
		},
		{
			name:  "delay after a PUT",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Delay, Delay: 3 * time.Second, After: true},
			hit:   func(s *session) answer { return s.put(0) },
			takes: 3 * time.Second,
		},
		{
			name:  "slow body",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Trickle, Rate: 1},
			hit:   func(s *session) answer { return s.put(0) },
			takes: 10 * time.Second,
		},
		{
			name:  "slow answer",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.Trickle, Rate: 1},
			hit:   (*session).list,
			takes: time.Duration(len(`{"remainingUploadParts":[0,1,2]}`+"\n")) * time.Second,
		},
		{
			name:  "stall with an end",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Stall, Delay: time.Minute, AfterBytes: 3},
			hit:   func(s *session) answer { return s.put(0) },
			takes: time.Minute,
			fails: true,
		},
		{
			name:  "stall without an end",
			fault: fault.Fault{Operation: "ListUploadParts", Kind: fault.Stall},
			hit:   (*session).list,
			takes: time.Hour, // the client's patience
			fails: true,
		},
		{
			name:  "stall of an answer",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Stall, After: true},
			hit:   func(s *session) answer { return s.put(0) },
			takes: time.Hour,
			fails: true,
		},
		{
			name:  "stall without reading",
			fault: fault.Fault{Operation: fault.PutPart, Kind: fault.Stall},
			hit:   func(s *session) answer { return s.put(0) },
			takes: time.Hour,
			fails: true,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10), bytescaletest.WithMemoryNetwork())
				s := newSession(t, srv)
				s.web.Timeout = time.Hour
				s.mustBegin(content)
				srv.Fail(c.fault)
				start := time.Now()
				got := c.hit(s)
				if took := time.Since(start).Round(time.Second); took != c.takes {
					t.Errorf("took %v, want %v: %v", took, c.takes, got)
				}
				if (got.err != nil) != c.fails {
					t.Errorf("got %v", got)
				}
				if got := s.finish(); got.status != 200 || s.stored() != content {
					t.Errorf("the upload did not recover: %v, stored %q", got, s.stored())
				}
			})
		})
	}
}

// The connection of a Switch is open until the client closes it, and then does not
// count.
func TestSwitch(t *testing.T) {
	for _, options := range [][]bytescaletest.Option{nil, {bytescaletest.WithMemoryNetwork()}} {
		srv := bytescaletest.NewServer(t, append(options, bytescaletest.WithPartSize(10))...)
		s := newSession(t, srv)
		s.mustBegin("0123456789")
		srv.Fail(fault.Fault{Operation: fault.PutPart, Kind: fault.Switch, After: true})
		put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.part(0).UploadURL, strings.NewReader("0123456789"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.web.Transport.RoundTrip(put)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("answer %v, error %v", resp, err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if n := srv.InFlight(); n != 0 {
			t.Errorf("%d requests are in flight", n)
		}
		if got := s.finish(); got.status != 200 || s.stored() != "0123456789" {
			t.Errorf("the upload did not recover: %v, stored %q", got, s.stored())
		}
	}
}

// A client that leaves a stall is noticed, or not counted; the server closes
// in time in any case.
func TestStallsOnLoopbackEnd(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin("0123456789")
	url := s.part(0).UploadURL
	srv.Fail(
		fault.Fault{Operation: fault.PutPart, Kind: fault.Stall},
		fault.Fault{Operation: "ListUploadParts", Kind: fault.Stall, After: true},
	)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	list, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL()+"/v2/accounts/"+srv.AccountID()+s.parts(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	list.Header.Set("Authorization", "Bearer "+srv.Key())
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for _, request := range []*http.Request{list, put} {
		go func() {
			_, err := s.web.Do(request)
			done <- err
		}()
	}
	for deadline := time.Now().Add(time.Minute); len(srv.UnusedFaults()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the requests never arrived")
		}
	}
	cancel()
	for range 2 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

// Occurrences are counted as the fault says.
func TestOccurrences(t *testing.T) {
	cases := []struct {
		name  string
		fault fault.Fault
		want  []int // statuses of ListUploadParts, or of GetUploadPart 0 1 0 1 0 1
		parts bool
	}{
		{"the first", fault.Fault{Operation: "ListUploadParts"}, []int{500, 200, 200, 200}, false},
		{"the second and third", fault.Fault{Operation: "ListUploadParts", Occurrence: 2, Times: 2}, []int{200, 500, 500, 200}, false},
		{"all from the third", fault.Fault{Operation: "*", Occurrence: 3, Times: -1}, []int{200, 200, 500, 500}, false},
		{"one part", fault.Fault{Operation: "GetUploadPart", Part: fault.Part(1), Times: 2}, []int{200, 500, 200, 500, 200, 200}, true},
		{"each part once", fault.Fault{Operation: "GetUploadPart", EachPart: true}, []int{500, 500, 200, 200, 200, 200}, true},
		{"each part again", fault.Fault{Operation: "GetUploadPart", EachPart: true, Occurrence: 2}, []int{200, 200, 500, 500, 200, 200}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
			s := newSession(t, srv)
			s.mustBegin("0123456789abc")
			c.fault.Kind, c.fault.Status = fault.Status, 500
			srv.Fail(c.fault)
			var got []int
			for i := range c.want {
				a := s.list
				if c.parts {
					a = func() answer { return s.get(int64(i % 2)) }
				}
				got = append(got, a().status)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	}
}

// Fail panics, because a fault that is not valid is a mistake in the test.
func TestFailPanicsOnAnInvalidFault(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	defer func() {
		if problem := recover(); problem != `bytescaletest: fault: there is no kind ""` {
			t.Errorf("Fail: %v", problem)
		}
	}()
	srv.Fail(fault.Fault{})
}
