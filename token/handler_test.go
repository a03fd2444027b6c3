package token

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// serve runs a handler on a real server and does one request.
func serve(t *testing.T, h http.Handler, method string) (*http.Response, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// What the JavaScript SDK demands of the answer, rule by rule.
func TestEndpoint(t *testing.T) {
	h := &Handler{
		Signer: newSigner(t, WithLifetime(10*time.Minute)),
		Authorize: func(*http.Request) (Claims, error) {
			return Claims{Subject: "user-42", Grants: Tree(Grant{Path: "/users/42", DownloadFile: []string{"*"}})}, nil
		},
		OnError: func(_ *http.Request, err error) { t.Error(err) },
	}
	resp, body := serve(t, h, http.MethodGet)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/plain" {
		t.Errorf("content type %q", got)
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("cache control %q", got)
	}
	if !regexp.MustCompile(`\A[\w-]+\.[\w-]+\.[\w-]+\z`).MatchString(body) {
		t.Errorf("body %q is not a token alone", body)
	}
	if resp.ContentLength != int64(len(body)) {
		t.Errorf("length %d", resp.ContentLength)
	}
	claims, err := Verify(body, time.Now(), &testKey().PublicKey)
	if err != nil || claims.Subject != "user-42" || claims.AccountID != account || len(claims.Grants) != 2 {
		t.Errorf("%+v, %v", claims, err)
	}
	// With less than 30 s to go, the SDK warns.
	if left := time.Until(claims.Expires); left < 9*time.Minute {
		t.Errorf("%v left", left)
	}
}

func TestEndpointRefuses(t *testing.T) {
	errDatabase := errors.New("database: secret detail")
	answer := func(claims Claims, err error) func(*http.Request) (Claims, error) {
		return func(*http.Request) (Claims, error) { return claims, err }
	}
	good := answer(Claims{Subject: "u"}, nil)
	for _, test := range []struct {
		name      string
		method    string
		signer    *Signer
		authorize func(*http.Request) (Claims, error)
		status    int
		reported  string // a piece of the error that OnError gets
	}{
		{"unauthorized", "GET", newSigner(t), answer(Claims{}, ErrUnauthorized), 401, ""},
		{"unauthorized, wrapped", "GET", newSigner(t), answer(Claims{}, fmt.Errorf("no session: %w", ErrUnauthorized)), 401, ""},
		{"forbidden", "GET", newSigner(t), answer(Claims{}, ErrForbidden), 403, ""},
		{"forbidden, with claims", "GET", newSigner(t), answer(Claims{Subject: "u"}, ErrForbidden), 403, ""},
		{"failure", "GET", newSigner(t), answer(Claims{}, errDatabase), 500, "database"},
		{"claims that make no sense", "GET", newSigner(t), answer(Claims{}, nil), 500, "sub: "},
		{"no signer", "GET", nil, good, 500, "needs a Signer"},
		{"no Authorize", "GET", newSigner(t), nil, 500, "needs a Signer"},
		{"HEAD", "HEAD", newSigner(t), good, 405, ""},
		{"POST", "POST", newSigner(t), good, 405, ""},
		{"OPTIONS", "OPTIONS", newSigner(t), good, 405, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			reported := ""
			h := &Handler{Signer: test.signer, Authorize: test.authorize, OnError: func(_ *http.Request, err error) { reported = err.Error() }}
			resp, body := serve(t, h, test.method)
			if resp.StatusCode != test.status || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%d, cache control %q; want %d", resp.StatusCode, resp.Header.Get("Cache-Control"), test.status)
			}
			if allow := resp.Header.Get("Allow"); (allow == "GET") != (test.status == 405) {
				t.Errorf("Allow: %q", allow)
			}
			if strings.Contains(body, "secret") || strings.Contains(body, ".") || len(body) > 40 {
				t.Errorf("body %q", body)
			}
			if (reported == "") != (test.reported == "") || !strings.Contains(reported, test.reported) {
				t.Errorf("reported %q, want %q", reported, test.reported)
			}
			h.OnError = nil // nothing to call
			if resp, _ := serve(t, h, test.method); resp.StatusCode != test.status {
				t.Errorf("without OnError: %d", resp.StatusCode)
			}
		})
	}
}
