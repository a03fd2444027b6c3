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

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

// api is the generated client, with a key.
func api(t *testing.T, srv *bytescaletest.Server) *gen.ClientWithResponses {
	t.Helper()
	return srv.Client().API()
}

// upload sends content by hand, part by part, and gives the path of the file.
func upload(t *testing.T, srv *bytescaletest.Server, content []byte, protocol gen.MultipartUploadProtocol) string {
	t.Helper()
	client, web, ctx := api(t, srv), srv.HTTPClient(), t.Context()
	begun, err := client.BeginMultipartUploadWithResponse(ctx, srv.AccountID(), gen.BeginMultipartUploadRequest{
		Size: int64(len(content)), Protocol: protocol, MIME: "text/plain", OriginalFileName: "a b.txt",
		Tags: []string{"tag"}, Metadata: gen.Metadata{"user": 42},
	})
	if err != nil {
		t.Fatal(err)
	}
	if begun.JSON200 == nil {
		t.Fatalf("begin: %s %s", begun.Status(), begun.Body)
	}
	id := begun.JSON200.UploadID
	for index := range begun.JSON200.UploadParts.Count {
		part, err := client.GetUploadPartWithResponse(ctx, srv.AccountID(), id, index)
		if err != nil || part.JSON200 == nil {
			t.Fatalf("part %d: %v %s", index, err, part.Body)
		}
		span := part.JSON200.Range
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, part.JSON200.UploadURL,
			bytes.NewReader(content[span.InclusiveStart:span.InclusiveEnd+1]))
		if err != nil {
			t.Fatal(err)
		}
		response, err := web.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusOK || len(body) > 0 {
			t.Fatalf("PUT of part %d: %s %s", index, response.Status, body)
		}
		done, err := client.CompleteUploadPartWithResponse(ctx, srv.AccountID(), id, index,
			gen.CompleteUploadPartRequest{ETag: response.Header.Get("ETag")})
		if err != nil || done.JSON200 == nil {
			t.Fatalf("completing part %d: %v %s", index, err, done.Body)
		}
	}
	return begun.JSON200.File.FilePath
}

func TestUploadAndDownload(t *testing.T) {
	for _, size := range []int{0, 1, 9, 10, 11, 95} {
		for name, opts := range map[string][]bytescaletest.Option{
			"loopback":  {bytescaletest.WithPartSize(10)},
			"in memory": {bytescaletest.WithPartSizes(3, 10), bytescaletest.WithMemoryNetwork()},
		} {
			t.Run(fmt.Sprintf("%d bytes, %s", size, name), func(t *testing.T) {
				roundTrip(t, bytes.Repeat([]byte("x"), size), opts...)
			})
		}
	}
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			roundTrip(t, []byte("hello, world"), bytescaletest.WithMemoryNetwork())
		})
	})
}

func roundTrip(t *testing.T, content []byte, opts ...bytescaletest.Option) {
	t.Helper()
	srv := bytescaletest.NewServer(t, opts...)
	path := upload(t, srv, content, gen.MultipartUploadProtocolV11)
	file, ok := srv.File(path)
	if !ok || !bytes.Equal(file.Bytes(), content) || file.Size != int64(len(content)) || file.ETag == "" {
		t.Errorf("stored %+v", file)
	}
	response, err := srv.HTTPClient().Get(file.FileURL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Equal(got, content) || response.StatusCode != http.StatusOK {
		t.Errorf("downloaded %s %q, %v", response.Status, got, err)
	}
}

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

func TestTooManyParts(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(1))
	s := newSession(t, srv)
	if got := s.api(http.MethodPost, "/uploads", map[string]any{"size": 100_001}); got.status != 413 || got.code() != "file_too_large" {
		t.Errorf("got %v", got)
	}
	wantStatus(t, s.api(http.MethodPost, "/uploads", map[string]any{"size": 100_000}), 200)
}
