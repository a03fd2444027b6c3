package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

func TestSameOrigin(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"https://a.com", "https://A.com:443/x?y", true},
		{"http://a.com", "http://a.com:80", true},
		{"http://[::1]:80", "http://[::1]", true},
		{"https://a.com", "http://a.com", false},
		{"http://a.com:443", "https://a.com:443", false},
		{"https://a.com", "https://a.com:80", false},
		{"https://a.com", "https://b.a.com", false},
	} {
		a, b := mustURL(t, test.a), mustURL(t, test.b)
		if sameOrigin(a, b) != test.same {
			t.Errorf("%s and %s: want same origin %v", test.a, test.b, test.same)
		}
	}
}

func TestTokenSourceWaitEndsWithTheContext(t *testing.T) {
	tokens := newTokens(func(context.Context) (string, error) { return "t", nil })
	<-tokens.turn // somebody else is asking
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tokens.get(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Every operation of the API is recognised by its request, below any address.
func TestCallOf(t *testing.T) {
	c := New(Config{APIURL: mustURL(t, "https://proxy.example.com/prefix")})
	about := func(method, path string) call {
		req, err := http.NewRequest(method, "https://proxy.example.com"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.callOf(req)
	}
	sample := strings.NewReplacer("{accountId}", "A623uY2", "{uploadId}", "Kd759aLFxttm69kZ", "{uploadPartIndex}", "7")
	for _, op := range operation.All() {
		if op.Server != operation.API {
			continue
		}
		want := call{operation: op.ID, attempt: operation.Attempt{Operation: op.ID, Part: -1}, authorized: true}
		if strings.Contains(op.Path, "{uploadId}") {
			want.attempt.UploadID = "Kd759aLFxttm69kZ"
		}
		if strings.Contains(op.Path, "{uploadPartIndex}") {
			want.attempt.Part = 7
		}
		if got := about(op.Method, "/prefix"+sample.Replace(op.Path)); got != want {
			t.Errorf("%s %s is %+v, want %+v", op.Method, op.Path, got, want)
		}
	}
	for _, path := range []string{"/", "/prefix", "/v2/accounts/A623uY2/files/details", "/prefix/v2/accounts/A623uY2/uploads/x/y/1"} {
		if got := about(http.MethodGet, path).operation; got != "" {
			t.Errorf("%s is known as %s", path, got)
		}
	}
}
