package bytescale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

func TestAccountOf(t *testing.T) {
	for _, test := range []struct{ key, account string }{
		{"secret_A623uY2xyz", "A623uY2"},
		{"public_FW25akiRestOfTheKey", "FW25aki"},
		{"public_FW25aki", "FW25aki"},
		{"secret_FW25aki_more_pieces", "FW25aki"},
		{"free", "W142hJk"},
		{"demo", "W142hJk"},

		{"", ""},
		{"secret", ""},
		{"secret_", ""},
		{"secret_A623uY", ""},
		{"secret_A623_uY2xyz", ""}, // the second piece alone counts
		{"private_A623uY2xyz", ""},
		{"Secret_A623uY2xyz", ""},
		{"A623uY2xyz", ""},
		{"_A623uY2xyz", ""},
		{"secret_A623u02xyz", ""}, // 0 is no base58
		{"secret_A623uI2xyz", ""},
		{" secret_A623uY2xyz", ""},
		{"secret_A623uY2xyz\n", ""},
		{"secret_A623uY2x yz", ""},
		{"secret_A623uY2x\r\nX-Evil: 1", ""},
		{"secret_A623uY2xüz", ""},
		{"free ", ""},
	} {
		account, err := accountOf(test.key)
		if account != test.account {
			t.Errorf("%q: account %q, want %q", test.key, account, test.account)
		}
		if test.account == "" {
			if !errors.Is(err, ErrInvalidKey) {
				t.Errorf("%q: error %v, want ErrInvalidKey", test.key, err)
			}
			wantArgumentError(t, err, "apiKey")
			if len(test.key) > 7 && strings.Contains(err.Error(), test.key[7:]) {
				t.Errorf("%q: the error repeats the key: %v", test.key, err)
			}
		} else if err != nil {
			t.Errorf("%q: %v", test.key, err)
		}
	}
}

func FuzzAccountOf(f *testing.F) {
	for _, key := range []string{"secret_A623uY2xyz", "free", "", "public_1", "secret_A623uY2\x00"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		account, err := accountOf(key)
		if (err == nil) != (account != "") {
			t.Fatalf("account %q with error %v", account, err)
		}
		if err == nil && !accountIDPattern.MatchString(account) {
			t.Fatalf("account %q", account)
		}
		if err == nil && strings.ContainsAny(key, "\r\n \t\x00") {
			t.Fatalf("key %q can break a header", key)
		}
	})
}

// TestCredentialsOnTheWire pins which headers prove the identity, in every form
// that openapi.yaml allows, and that a part's PUT carries none.
func TestCredentialsOnTheWire(t *testing.T) {
	const jwt = "eyJh.eyJz.c2ln"
	source := WithJWT(func(context.Context) (string, error) { return jwt, nil })
	for _, test := range []struct {
		name                 string
		key                  string
		opts                 []ClientOption
		authorization, token string
	}{
		{"bearer", testKey, nil, "Bearer " + testKey, ""},
		{"basic", testKey, []ClientOption{WithBasicAuth()}, "Basic " + basicValue(testKey), ""},
		{"bearer and JWT", testKey, []ClientOption{source}, "Bearer " + testKey, jwt},
		{"basic and JWT", testKey, []ClientOption{source, WithBasicAuth()}, "Basic " + basicValue(testKey), jwt},
		{"JWT alone", "", []ClientOption{source, WithAccountID(testAccount)}, "Bearer " + jwt, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []http.Header
			c := mustClient(t, test.key, append(test.opts, withTransport(func(req *http.Request) (*http.Response, error) {
				got = append(got, req.Header.Clone())
				return answer(req, 200, detailsJSON("/a"), "ETag", `"e"`), nil
			}))...)
			check := func(what, authorization, token string) {
				t.Helper()
				if len(got) != 1 {
					t.Fatalf("%s: %d requests", what, len(got))
				}
				if h := got[0]; h.Get("Authorization") != authorization || h.Get("Authorization-Token") != token {
					t.Errorf("%s: headers %q and %q, want %q and %q",
						what, h.Get("Authorization"), h.Get("Authorization-Token"), authorization, token)
				}
				got = nil
			}

			if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil {
				t.Fatal(err)
			}
			check("API call", test.authorization, test.token)

			forged := func(_ context.Context, req *http.Request) error {
				req.Header.Set("Authorization", "Bearer forged")
				req.Header.Set("Authorization-Token", "forged")
				return nil
			}
			if _, err := c.API().GetFileDetailsWithResponse(t.Context(), testAccount, &gen.GetFileDetailsParams{FilePath: "/a"}, forged); err != nil {
				t.Fatal(err)
			}
			check("generated client", test.authorization, test.token)

			if _, err := c.api.PutPart(t.Context(), uploadURL(t, "https://storage.example.com/x?sig=1"), 3, bodyOf("abc")); err != nil {
				t.Fatal(err)
			}
			check("part PUT", "", "")

			for _, opts := range [][]DownloadOption{nil, {WithCDNAuth()}} {
				download, err := c.Download(t.Context(), "/a", opts...)
				if err != nil {
					t.Fatal(err)
				}
				download.Close()
				if opts == nil {
					check("download", "", "")
				} else {
					check("authenticated download", test.authorization, test.token)
				}
			}
		})
	}
}

// Requests of the generated client that were redirected to another origin are not sent.
func TestOriginOfCredentials(t *testing.T) {
	c := mustClient(t, testKey, WithAPIURL("https://api.example.com:8443/prefix"), withTransport(func(req *http.Request) (*http.Response, error) {
		t.Errorf("%s was sent", req.URL)
		return nil, errors.New("unexpected")
	}))
	for _, address := range []string{
		"https://evil.example.com:8443/x", "https://api.example.com/x", "http://api.example.com:8443/x",
		"https://api.example.com:8444/x", "https://api.example.com.evil.org:8443/x",
	} {
		astray := func(_ context.Context, req *http.Request) (err error) {
			req.URL, err = req.URL.Parse(address)
			return err
		}
		_, err := c.API().GetFileDetailsWithResponse(t.Context(), testAccount, &gen.GetFileDetailsParams{FilePath: "/a"}, astray)
		wantArgumentError(t, err, "url")
	}
}

// TestTokenIsRefreshedOnce follows the JWT through acceptance and refusal.
func TestTokenIsRefreshedOnce(t *testing.T) {
	var asked, sent int
	valid := "token-1"
	c := mustClient(t, testKey,
		WithJWT(func(context.Context) (string, error) {
			asked++
			return fmt.Sprintf("token-%d", asked), nil
		}),
		withTransport(func(req *http.Request) (*http.Response, error) {
			sent++
			if req.Header.Get("Authorization-Token") != valid {
				return answer(req, 401, `{"error":{"code":"token_expired","message":"Expired."}}`), nil
			}
			return answer(req, 200, detailsJSON("/a")), nil
		}))
	check := func(what string, wantErr bool, wantAsked, wantSent int) {
		t.Helper()
		sent = 0
		_, err := c.GetFileDetails(t.Context(), "/a")
		if wantErr {
			wantAPIError(t, err, operation.GetFileDetails, 401)
		} else if err != nil {
			t.Error(err)
		}
		if asked != wantAsked || sent != wantSent {
			t.Errorf("%s: source asked %d times, %d requests; want %d and %d", what, asked, sent, wantAsked, wantSent)
		}
	}
	check("first use", false, 1, 1)
	check("kept", false, 1, 1)
	valid = "token-2"
	check("refused", false, 2, 2)
	valid = "none"
	check("refused twice", true, 3, 2)
}

// TestTokenRefreshRepeatsTheBody makes sure that a refused request is sent again
// whole, and one that cannot be repeated is not sent cut.
func TestTokenRefreshRepeatsTheBody(t *testing.T) {
	var bodies []string
	var asked int
	valid := "token-2"
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies = append(bodies, string(body))
		if r.Header.Get("Authorization-Token") != valid {
			w.WriteHeader(401)
			return
		}
		fmt.Fprint(w, `{"status":"Pending"}`)
	}, WithJWT(func(context.Context) (string, error) {
		asked++
		return fmt.Sprintf("token-%d", asked), nil
	}))
	if _, err := c.api.CompletePart(t.Context(), testUpload, 0, `"e"`); err != nil {
		t.Fatal(err)
	}
	if want := []string{`{"etag":"\"e\""}`, `{"etag":"\"e\""}`}; !slices.Equal(bodies, want) {
		t.Errorf("bodies %q, want %q", bodies, want)
	}

	valid, bodies = "token-3", nil
	once := struct{ io.Reader }{strings.NewReader("content")}
	result, err := c.API().BasicUploadWithBodyWithResponse(t.Context(), testAccount, nil, "text/plain", once)
	if err != nil {
		t.Fatal(err)
	}
	if result.StatusCode() != 401 || len(bodies) != 1 {
		t.Errorf("status %d after %d requests, want the 401 of one", result.StatusCode(), len(bodies))
	}
}

func TestTokenRefreshIsShared(t *testing.T) {
	var asked atomic.Int32
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization-Token") != "token-2" {
			w.WriteHeader(401)
			return
		}
		fmt.Fprint(w, detailsJSON("/a"))
	}, WithJWT(func(context.Context) (string, error) {
		return fmt.Sprintf("token-%d", asked.Add(1)), nil
	}))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := asked.Load(); got != 2 {
		t.Errorf("the source was asked %d times, want 2", got)
	}
}

func TestTokenSourceFails(t *testing.T) {
	broken := errors.New("no token today")
	for _, test := range []struct {
		name   string
		source func(context.Context) (string, error)
		is     error
	}{
		{"an error", func(context.Context) (string, error) { return "", broken }, broken},
		{"an empty token", func(context.Context) (string, error) { return "", nil }, nil},
		{"a token that breaks the header", func(context.Context) (string, error) { return "secret\r\nX: y", nil }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			c := mustClient(t, testKey,
				WithJWT(func(ctx context.Context) (string, error) { asked++; return test.source(ctx) }),
				withTransport(func(req *http.Request) (*http.Response, error) {
					t.Error("a request was sent")
					return answer(req, 500, ""), nil
				}))
			_, err := c.GetFileDetails(t.Context(), "/a")
			if err == nil || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "X: y") {
				t.Errorf("the error shows the token: %v", err)
			}
			if asked != 1 {
				t.Errorf("asked %d times, want once: the source knows better about retries", asked)
			}
		})
	}
}

// A source may fail to replace its first token.
func TestTokenSourceFailsLater(t *testing.T) {
	broken := errors.New("no token today")
	asked := 0
	c := mustClient(t, testKey, respond(401, ""), WithJWT(func(context.Context) (string, error) {
		if asked++; asked%2 == 1 {
			return "token-1", nil
		}
		return "", broken
	}))
	if _, err := c.GetFileDetails(t.Context(), "/a"); !errors.Is(err, broken) || asked != 2 {
		t.Errorf("API call: error %v, source asked %d times", err, asked)
	}
	c = mustClient(t, testKey, respond(401, ""), WithJWT(func(context.Context) (string, error) {
		if asked++; asked%2 == 1 {
			return "token-1", nil
		}
		return "", broken
	}))
	if _, err := c.Download(t.Context(), "/a", WithCDNAuth()); !errors.Is(err, broken) || asked != 4 {
		t.Errorf("download: error %v, source asked %d times", err, asked-2)
	}
}
