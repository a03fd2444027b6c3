package contract

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const partTarget = "https://storage.example.com/p?signature=s3cret"

// put builds the PUT of a part.
func put(t testing.TB, url, body string, length int64) *http.Request {
	r := request(t, "PUT", url, body, "Authorization", "", "Content-Type", "")
	r.ContentLength = length
	return r
}

func TestPartPuts(t *testing.T) {
	stored := reply{200, []string{"Etag", `"x"`}, ""}
	credentials := put(t, partTarget, "0123456789", 10)
	credentials.Header.Set("Authorization", "Bearer k")
	credentials.Header.Set("Cookie", "a=b")
	chunked := put(t, partTarget, "0123456789", 10)
	chunked.TransferEncoding = []string{"chunked"}
	for _, test := range []struct {
		name  string
		r     *http.Request
		reply reply
		want  string
	}{
		{"good", put(t, partTarget, "0123456789", 10), stored, ""},
		{"expired", put(t, partTarget, "0123456789", 10), reply{403, nil, "<Error/>"}, ""},
		{"short", put(t, partTarget, "012345678", 9), stored, "header/Content-Length length"},
		{"unknown length", put(t, partTarget, "0123456789", -1), stored, "header/Content-Length required"},
		{"length left out", put(t, partTarget, "0123456789", 0), stored, "header/Content-Length required"},
		{"chunked", chunked, stored, "header/Content-Length required"},
		{"credentials", credentials, stored, "header/Cookie credentials, header/Authorization credentials"},
		{"no etag", put(t, partTarget, "0123456789", 10), reply{200, nil, ""}, "header/Etag required"},
		{"other URL", put(t, partTarget+"x", "0123456789", 10), stored, "route unknownHost"},
		{"other method", request(t, "POST", partTarget, "0123456789"), stored, "route unknownHost"},
	} {
		t.Run(test.name, func(t *testing.T) {
			next := &roundTrip{handler: jsonReply(200, begun)}
			transport := transportOver(t, next)
			if _, err := transport.RoundTrip(request(t, "POST", uploads, `{"size":10}`)); err != nil {
				t.Fatal(err)
			}
			next.handler = test.reply
			_, err := transport.RoundTrip(test.r)
			var broken *Error
			if !errors.As(err, &broken) {
				broken = &Error{}
			}
			if got := brief(broken.Violations); got != test.want || (test.want == "" && err != nil) {
				t.Errorf("got %q, %v\nwant %q", got, err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds the signature: %v", err)
			}
		})
	}
}

// TestPartPutsAreNotBuffered sends a body that blocks until the other side has seen its first half.
func TestPartPutsAreNotBuffered(t *testing.T) {
	next := &roundTrip{handler: jsonReply(200, begun)}
	var inner http.RoundTripper = next
	transport := transportOver(t, roundTripFunc(func(r *http.Request) (*http.Response, error) { return inner.RoundTrip(r) }))
	if _, err := transport.RoundTrip(request(t, "POST", uploads, `{"size":10}`)); err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	inner = roundTripFunc(func(r *http.Request) (*http.Response, error) {
		half := make([]byte, 5)
		if _, err := io.ReadFull(r.Body, half); err != nil {
			return nil, err
		}
		go func() { _, _ = writer.Write([]byte("56789")); _ = writer.Close() }()
		rest, err := io.ReadAll(r.Body)
		if string(half)+string(rest) != "0123456789" {
			t.Errorf("%q %q", half, rest)
		}
		return &http.Response{StatusCode: 200, Header: http.Header{"Etag": {"x"}}, Body: http.NoBody}, err
	})
	go func() { _, _ = writer.Write([]byte("01234")) }()
	r := put(t, partTarget, "", 10)
	r.Body = reader
	if _, err := transport.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestLearnedIsBounded(t *testing.T) {
	var l learned
	for i := range maxLearned + 10 {
		l.add(fmt.Sprint(i), int64(i))
		l.length("0") // keeps the first in use
	}
	if n := len(l.entries); n != maxLearned || l.order.Len() != n {
		t.Errorf("%d entries, %d in order", n, l.order.Len())
	}
	for url, known := range map[string]bool{"0": true, "1": false, fmt.Sprint(maxLearned + 9): true} {
		if _, ok := l.length(url); ok != known {
			t.Errorf("%s known: %v", url, ok)
		}
	}
	l.add("0", 77)
	if n, _ := l.length("0"); n != 77 {
		t.Errorf("length %d", n)
	}
}
