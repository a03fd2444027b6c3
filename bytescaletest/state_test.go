package bytescaletest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// wantStatus fails the test unless the answer has the status.
func wantStatus(t *testing.T, a answer, status int) {
	t.Helper()
	if a.err != nil || a.status != status {
		t.Fatalf("got %v, want %d", a, status)
	}
}

func etagOf(a answer) string { return a.header.Get("ETag") }

func TestCompletionInAnyOrder(t *testing.T) {
	const content = "0123456789abcdefghijklmno"
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin(content)
	if s.begun.UploadParts.Count != 3 || s.begun.UploadParts.First.UploadPartIndex != 0 || !s.begun.File.ETag.Null {
		t.Errorf("begun: %+v", s.begun)
	}
	etags := map[int64]string{}
	for _, index := range []int64{2, 0, 1} {
		etags[index] = etagOf(s.put(index))
	}
	for i, index := range []int64{2, 0} {
		got := s.complete(index, etags[index])
		if strings.TrimSpace(string(got.body)) != `{"status":"Pending"}` {
			t.Errorf("completion %d: %v", i, got)
		}
	}
	if got := string(s.list().body); !strings.Contains(got, "[1]") {
		t.Errorf("remaining: %s", got)
	}
	if s.stored() != "absent" || len(srv.Files()) != 0 {
		t.Error("the file is there before its last part")
	}
	last := s.complete(1, strings.Trim(etags[1], `"`)) // quotes do not matter
	if !bytes.Contains(last.body, []byte(`"status":"Completed"`)) {
		t.Errorf("last completion: %v", last)
	}
	if got := s.stored(); got != content {
		t.Errorf("stored %q", got)
	}
	for index := range int64(3) { // repeating says the same
		if again := s.complete(index, etags[index]); !bytes.Equal(again.body, last.body) {
			t.Errorf("completion of part %d repeated: %v", index, again)
		}
	}
	if got := string(s.list().body); !strings.Contains(got, "[]") {
		t.Errorf("remaining: %s", got)
	}
	details := s.api(http.MethodGet, "/files/details?filePath="+s.begun.File.FilePath, nil)
	if file, _ := srv.File(s.begun.File.FilePath); !bytes.Contains(details.body, []byte(file.ETag)) || !bytes.Contains(last.body, []byte(file.ETag)) {
		t.Errorf("the file's etag %s is not in %v or %v", file.ETag, details, last)
	}
	part := s.part(0)
	if got := s.putTo(part.UploadURL, []byte(content[:10])); got.status != 404 {
		t.Errorf("PUT after completion: %v", got)
	}
}

// A part sent again replaces its bytes; if they differ, it has to be completed
// again.
func TestPartSentAgain(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin("0123456789abc")
	url := s.part(0).UploadURL
	etag := etagOf(s.putTo(url, []byte("0123456789")))
	wantStatus(t, s.complete(0, etag), 200)
	if again := etagOf(s.putTo(url, []byte("0123456789"))); again != etag {
		t.Errorf("the same bytes have etags %s and %s", etag, again)
	}
	if got := string(s.list().body); !strings.Contains(got, "[1]") {
		t.Errorf("remaining after the same bytes: %s", got)
	}
	etag = etagOf(s.putTo(url, []byte("9876543210")))
	if got := string(s.list().body); !strings.Contains(got, "[0,1]") {
		t.Errorf("remaining after other bytes: %s", got)
	}
	wantStatus(t, s.complete(1, etagOf(s.put(1))), 200)
	if s.stored() != "absent" {
		t.Error("the file came to be without its first part")
	}
	wantStatus(t, s.complete(0, etag), 200)
	if got := s.stored(); got != "9876543210abc" {
		t.Errorf("stored %q", got)
	}
}

// With protocol 1.0 a file in one part exists right after its PUT; the
// completion answers all the same.
func TestProtocol10(t *testing.T) {
	old := func(body map[string]any) { delete(body, "protocol") }
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin("small", old)
	put := s.put(0)
	if got := s.stored(); got != "small" {
		t.Errorf("after the PUT: %q", got)
	}
	wantStatus(t, s.put(0), 200)
	if got := s.complete(0, etagOf(put)); !bytes.Contains(got.body, []byte("Completed")) {
		t.Errorf("completion: %v", got)
	}
	s.mustBegin("more than one part", old)
	wantStatus(t, s.put(0), 200)
	if s.stored() != "absent" {
		t.Error("a file in two parts exists after the first PUT")
	}
}

// An upload in progress reserves nothing: its path is checked when it begins
// and again when it completes.
func TestPathsAreTakenAtCompletion(t *testing.T) {
	const public = "public_A623uY2publicKey"
	srv := bytescaletest.NewServer(t)
	first, second := newSession(t, srv), newSession(t, srv)
	first.key, second.key = public, public
	first.mustBegin("first", path("/x.txt"))
	second.mustBegin("second", path("/x.txt"))
	wantStatus(t, second.finish(), 200)
	got := first.finish()
	if got.status != 403 || got.code() != "file_exists" {
		t.Errorf("completing second: %v", got)
	}
	if first.stored() != "second" {
		t.Errorf("stored %q", first.stored())
	}
	if got := first.begin("third", path("/x.txt")); got.status != 403 || got.code() != "file_exists" {
		t.Errorf("beginning third: %v", got)
	}
	secret := newSession(t, srv) // may overwrite
	secret.mustBegin("fourth", path("/x.txt"))
	wantStatus(t, secret.finish(), 200)
	if first.stored() != "fourth" {
		t.Errorf("stored %q", first.stored())
	}
	granted := newSession(t, srv)
	granted.key = public
	fallback := func(body map[string]any) {
		body["path"] = map[string]any{"folderPath": "/", "fileName": "x.txt", "fileNameFallback": "y.txt"}
	}
	granted.mustBegin("fifth", fallback)
	if granted.begun.File.FilePath != "/y.txt" {
		t.Errorf("the fallback is %s", granted.begun.File.FilePath)
	}
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(),
			bytescaletest.WithURLLifetime(time.Minute), bytescaletest.WithUploadLifetime(time.Hour))
		s := newSession(t, srv)
		s.mustBegin("hello")
		url := s.begun.UploadParts.First.UploadURL
		time.Sleep(time.Minute - time.Millisecond)
		wantStatus(t, s.putTo(url, []byte("hello")), 200)
		time.Sleep(time.Millisecond)
		if got := s.putTo(url, []byte("hello")); got.status != 403 || !bytes.Contains(got.body, []byte("Request has expired")) {
			t.Errorf("expired: %v", got)
		}
		wantStatus(t, s.put(0), 200) // a fresh URL
		time.Sleep(time.Hour - time.Minute - time.Millisecond)
		wantStatus(t, s.list(), 200)
		time.Sleep(time.Millisecond)
		wantStatus(t, s.list(), 404)
	})
}

func TestSpeedLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1000),
			bytescaletest.WithBandwidth(100), bytescaletest.WithAPILatency(time.Second))
		s := newSession(t, srv)
		s.mustBegin(strings.Repeat("x", 3000))
		parts := []string{s.part(0).UploadURL, s.part(1).UploadURL, s.part(2).UploadURL}
		start := time.Now()
		var all sync.WaitGroup
		for _, url := range parts { // each PUT has the bandwidth for itself
			all.Go(func() { s.putTo(url, s.source[:1000]) })
		}
		all.Wait()
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("three PUTs of 1000 bytes side by side took %v", took)
		}
		start = time.Now()
		for range 5 {
			all.Go(func() { s.list() })
		}
		all.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("five calls side by side took %v", took)
		}
		want := bytescaletest.Stats{MaxAPI: 5, MaxPuts: 3, MaxAPIPerSecond: 5}
		if diff := cmp.Diff(want, srv.Stats()); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
	})
}

func TestDiscard(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10), bytescaletest.WithDiscard())
	s := newSession(t, srv)
	s.mustBegin("0123456789abc")
	wantStatus(t, s.finish(), 200)
	file, ok := srv.File(s.begun.File.FilePath)
	if !ok || file.Size != 13 || file.ETag == "" || file.Bytes() != nil {
		t.Errorf("stored %+v", file)
	}
	if got := s.download(""); got.status != 404 || got.code() != "content_discarded" {
		t.Errorf("downloaded %v", got)
	}
	if got := s.putTo(s.part(0).UploadURL, nil); got.status != 404 {
		t.Errorf("PUT after completion: %v", got)
	}
	s.mustBegin("")
	wantStatus(t, s.finish(), 200)
	if got := s.download(""); got.status != 200 || len(got.body) != 0 {
		t.Errorf("an empty file has all its bytes, but was downloaded as %v", got)
	}
}

func TestExchanges(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin("0123456789abc")
	srv.Fail(fault.Fault{Operation: fault.PutPart, Kind: fault.Status, Status: 500})
	url := s.begun.UploadParts.First.UploadURL
	s.putTo(url, s.source[:10])
	s.putTo(url, s.source[:10])
	s.api(http.MethodGet, "/files/details?filePath=%2Fsecret", nil)
	var got []string
	for _, x := range srv.Exchanges() {
		if x.End.Before(x.Start) || strings.Contains(x.Path, "signature") || strings.Contains(x.Path, "secret") {
			t.Errorf("exchange %+v", x)
		}
		got = append(got, fmt.Sprintf("%s %d #%d: %d %s %q, %d in", x.Operation, x.Part, x.Attempt, x.Status, x.Code, x.Fault, x.BytesIn))
	}
	want := []string{
		`BeginMultipartUpload -1 #1: 200  "", 28 in`,
		`PutPart 0 #1: 500 InternalError "status", 10 in`,
		`PutPart 0 #2: 200  "", 10 in`,
		`GetFileDetails -1 #1: 404 file_not_found "", 0 in`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exchanges (-want +got):\n%s", diff)
	}
	if x := srv.Exchanges()[0]; x.UploadID != s.begun.UploadID {
		t.Errorf("begin is about upload %q", x.UploadID)
	}
}

// Of many uploads to one path at once, by keys that may not overwrite, exactly
// one makes the file.
func TestOneOfManyGetsThePath(t *testing.T) {
	networks(t, func(t *testing.T, network ...bytescaletest.Option) {
		srv := bytescaletest.NewServer(t, append(network, bytescaletest.WithPartSize(2))...)
		const uploads = 20
		sessions := make([]*session, uploads)
		for i := range sessions {
			sessions[i] = newSession(t, srv)
			sessions[i].key = "public_A623uY2publicKey"
			sessions[i].mustBegin(fmt.Sprintf("from %02d", i), path("/one"))
		}
		answers := make([]answer, uploads)
		var all sync.WaitGroup
		for i, s := range sessions {
			all.Go(func() { answers[i] = s.finish() })
		}
		all.Wait()
		winner := -1
		for i, got := range answers {
			switch {
			case got.status == 200 && winner < 0:
				winner = i
			case got.status != 403 || got.code() != "file_exists":
				t.Errorf("upload %d: %v", i, got)
			}
		}
		if file, _ := srv.File("/one"); string(file.Bytes()) != fmt.Sprintf("from %02d", winner) {
			t.Errorf("upload %d made the file, but it holds %q", winner, file.Bytes())
		}
	})
}

// The same completion many times at once gives the same answer each time.
func TestCompletionAtOnce(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	s := newSession(t, srv)
	s.mustBegin("hello")
	etag := etagOf(s.put(0))
	answers := make([]answer, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = s.complete(0, etag) })
	}
	all.Wait()
	for i, got := range answers {
		if got.status != 200 || !bytes.Equal(got.body, answers[0].body) {
			t.Errorf("completion %d: %v", i, got)
		}
	}
}

func TestFileContent(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSizes(3, 1, 2))
	s := newSession(t, srv)
	s.mustBegin("0123456789")
	wantStatus(t, s.finish(), 200)
	file, _ := srv.File(s.begun.File.FilePath)
	reader := file.Open()
	if _, err := reader.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(reader); string(got) != "456789" || err != nil {
		t.Errorf("from byte 4: %q, %v", got, err)
	}
	file.Bytes()[0] = 'x'
	if string(file.Bytes()) != "0123456789" {
		t.Error("Bytes gives the stored bytes themselves, not a copy")
	}
}

func TestStart(t *testing.T) {
	srv, err := bytescaletest.Start(bytescaletest.WithMemoryNetwork())
	if err != nil {
		t.Fatal(err)
	}
	newSession(t, srv).mustBegin("x")
	for range 2 {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := srv.HTTPClient().Get(srv.URL()); err == nil {
		t.Error("a closed server answers")
	}
	if _, err := bytescaletest.Start(bytescaletest.WithPartSize(-1)); err == nil {
		t.Error("a negative part size was accepted")
	}
}

// Repeating a completion has no second effect, whatever happened meanwhile.
func TestRepeatedCompletion(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin("0123456789abc", path("/x"))
	first, last := etagOf(s.put(0)), etagOf(s.put(1))
	for range 2 { // one part remains, and it is not this one
		if got := s.complete(0, first); !bytes.Contains(got.body, []byte("Pending")) || s.stored() != "absent" {
			t.Fatalf("completing the first part: %v", got)
		}
	}
	done := s.complete(1, last)
	wantStatus(t, s.api(http.MethodDelete, "/files?filePath=%2Fx", nil), 204)
	if got := s.complete(1, last); !bytes.Equal(got.body, done.body) || s.stored() != "absent" {
		t.Errorf("completing again after the file was deleted: %v, stored %q", got, s.stored())
	}
}
