package fake

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// No Range header, however odd, gives bytes beyond the file.
func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"", "bytes=0-0", "bytes=5-", "bytes=-5", "bytes=9-1", "bytes=0-1,3-4", "lines=1-2",
		"bytes=99999999999999999999-", "bytes=9223372036854775807-9223372036854775807", "bytes=-", "bytes=+1-2"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			t.Skip("no file has such a size")
		}
		span, err := parseRange([]string{header}, size)
		if err != nil {
			return
		}
		if span.start < 0 || span.length < 0 || span.start+span.length > size || (!span.partial && span.length != size) {
			t.Errorf("%q of %d bytes is %+v", header, size, span)
		}
	})
}

func TestRangesThatAreIgnored(t *testing.T) {
	for _, header := range []string{"bytes=2-1", "bytes=0-1,3-4", "lines=1-2", "bytes=x-", "bytes=-x", "bytes=1-x", "bytes", "bytes=-", ""} {
		if span, err := parseRange([]string{header}, 10); err != nil || span.partial || span.length != 10 {
			t.Errorf("%q gives %+v, %v", header, span, err)
		}
	}
	if span, err := parseRange([]string{"bytes=0-1", "bytes=2-3"}, 10); err != nil || span.partial {
		t.Errorf("two headers give %+v, %v", span, err)
	}
}

// The conditions of RFC 9110 for a client that has a copy of the file or a part of it.
func TestConditions(t *testing.T) {
	t.Parallel()
	server, err := New(Options{})
	must(t, err)
	at := time.Date(2026, 11, 28, 21, 44, 0, 500_000_000, time.UTC)
	received, err := server.store.Receive(10)
	must(t, err)
	_, err = io.WriteString(received, "0123456789")
	must(t, err)
	must(t, server.store.AddFile(store.File{AccountID: "A623uY2", Path: "/f", ETag: "abc", MIME: "text/plain", LastModified: at, Size: 10}, received, false))
	const modified, before, after = "Sat, 28 Nov 2026 21:44:00 GMT", "Sat, 28 Nov 2026 21:43:59 GMT", "Sat, 28 Nov 2026 21:44:01 GMT"
	for _, test := range []struct {
		header http.Header
		status int
		body   string
	}{
		{http.Header{"If-None-Match": {`"abc"`}}, 304, ""},
		{http.Header{"If-None-Match": {`W/"abc"`}}, 304, ""},
		{http.Header{"If-None-Match": {`"x", "abc"`}}, 304, ""},
		{http.Header{"If-None-Match": {"*"}}, 304, ""},
		{http.Header{"If-None-Match": {`"abc"`}, "Range": {"bytes=0-1"}}, 304, ""},
		{http.Header{"If-None-Match": {`"x"`}}, 200, "0123456789"},
		{http.Header{"If-None-Match": {"abc"}}, 200, "0123456789"},
		{http.Header{"If-None-Match": {`"x"`}, "If-Modified-Since": {after}}, 200, "0123456789"}, // the first one decides
		{http.Header{"If-Modified-Since": {modified}}, 304, ""},
		{http.Header{"If-Modified-Since": {after}}, 304, ""},
		{http.Header{"If-Modified-Since": {before}}, 200, "0123456789"},
		{http.Header{"If-Modified-Since": {"yesterday"}}, 200, "0123456789"},

		{http.Header{"Range": {"bytes=8-"}, "If-Range": {`"abc"`}}, 206, "89"},
		{http.Header{"Range": {"bytes=8-"}, "If-Range": {`"x"`}}, 200, "0123456789"},
		{http.Header{"Range": {"bytes=8-"}, "If-Range": {`W/"abc"`}}, 200, "0123456789"}, // weak etags do not tell pieces apart
		{http.Header{"Range": {"bytes=8-"}, "If-Range": {modified}}, 206, "89"},
		{http.Header{"Range": {"bytes=8-"}, "If-Range": {after}}, 200, "0123456789"},
		{http.Header{"Range": {"bytes=8-"}, "If-Range": {before}}, 200, "0123456789"},
		{http.Header{"Range": {"bytes=8-"}, "If-Range": {""}}, 200, "0123456789"},
		{http.Header{"Range": {"bytes=99-"}, "If-Range": {`"x"`}}, 200, "0123456789"}, // no 416 of another file

		{http.Header{"Range": {"items=0-5"}}, 200, "0123456789"},
		{http.Header{"Range": {"bytes=0-1,3-4"}}, 200, "0123456789"},
		{http.Header{"Range": {"nonsense"}}, 200, "0123456789"},
		{http.Header{"Range": {"bytes=0-99999999999999999999"}}, 200, "0123456789"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/A623uY2/raw/f", nil)
		r.Header = test.header
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		if answer.Code != test.status || answer.Body.String() != test.body || answer.Header().Get("ETag") != `"abc"` {
			t.Errorf("%v: %d %q %v, want %d %q", test.header, answer.Code, answer.Body, answer.Header(), test.status, test.body)
		}
	}
}
