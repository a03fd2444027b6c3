package rest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
)

const redactedKey = "secret_A623uY2kEySeCrEt0123456789"

func testRest() *Client {
	return New(Config{Credentials: NewCredentials(redactedKey, false, nil)})
}

const presignedURL = "https://storage.example.com/bucket/part-0?X-Amz-Signature=5f4dcc3b5aa765d61d8327deb882cf99&x-id=PutObject"

const presignedSignature = "5f4dcc3b5aa765d61d8327deb882cf99"

func signedRequest(t *testing.T) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, presignedURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestRedactErrors(t *testing.T) {
	hide := testRest().redactor(signedRequest(t), true)
	inner := &url.Error{Op: "Put", URL: presignedURL, Err: syscall.ECONNRESET}
	for _, test := range []struct {
		name string
		err  error
		is   error
	}{
		{"of net/http", inner, syscall.ECONNRESET},
		{"nested", &url.Error{Op: "Put", URL: presignedURL, Err: inner}, syscall.ECONNRESET},
		{"wrapped", fmt.Errorf("proxy: %w", inner), syscall.ECONNRESET},
		{"joined", errors.Join(context.Canceled, inner), context.Canceled},
		{"with the text of another", &url.Error{Op: "Put", URL: "https://a.com", Err: fmt.Errorf("while at %s: %w", presignedURL, syscall.EPIPE)}, syscall.EPIPE},
		{"silent outside", silentError{inner}, syscall.ECONNRESET},
		{"the bare signature", fmt.Errorf("sig %s: %w", presignedSignature, syscall.EPIPE), syscall.EPIPE},
	} {
		t.Run(test.name, func(t *testing.T) {
			clean := hide.err(test.err)
			if !errors.Is(clean, test.is) {
				t.Errorf("%v is no longer %v", clean, test.is)
			}
			var wanted syscall.Errno
			if errors.As(test.is, &wanted) && !errors.As(clean, &wanted) {
				t.Errorf("%v no longer holds a %T", clean, test.is)
			}
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				wantClean(t, fmt.Sprintf(format, clean))
			}
			eachWrapped(clean, func(err error) {
				wantClean(t, fmt.Sprintf("%v %#v", err, err))
			})
		})
	}
}

func wantClean(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, presignedSignature) {
		t.Errorf("shows the signature: %s", text)
	}
}

// eachWrapped visits an error and all that it wraps.
func eachWrapped(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	for _, inner := range wrapped(err) {
		eachWrapped(inner, visit)
	}
}

// silentError does not repeat the text of what it wraps.
type silentError struct{ err error }

func (e silentError) Error() string { return "failed" }
func (e silentError) Unwrap() error { return e.err }

func TestRedactKeepsWhatIsHarmless(t *testing.T) {
	hide := testRest().redactor(signedRequest(t), true)
	plain := &url.Error{Op: "Put", URL: "https://storage.example.com/bucket/part-0", Err: syscall.ECONNRESET}
	if got := hide.err(plain); any(got) != any(plain) {
		t.Errorf("%v was replaced by %v", plain, got)
	}
	got := hide.err(&url.Error{Op: "Put", URL: presignedURL, Err: syscall.ECONNRESET})
	var failed *url.Error
	if !errors.As(got, &failed) || any(failed.Err) != any(syscall.ECONNRESET) {
		t.Errorf("%#v is no url.Error with the cause in it", got)
	}
	if want := `Put "https://storage.example.com/bucket/part-0?[redacted]": connection reset by peer`; got.Error() != want {
		t.Errorf("%v, want %v", got, want)
	}
	if hide.err(nil) != nil {
		t.Error("nil became an error")
	}
}

func TestRedactText(t *testing.T) {
	req := signedRequest(t)
	req.SetBasicAuth("apikey", redactedKey)
	req.Header.Set("Authorization-Token", "eyJh.eyJz.c2ln")
	c := testRest()
	hide := c.redactor(req, true)
	for _, test := range []struct{ text, want string }{
		{"key " + redactedKey + " is unknown", "key [redacted] is unknown"},
		{"Basic " + base64.StdEncoding.EncodeToString([]byte("apikey:"+redactedKey)), "Basic [redacted]"},
		{"token eyJh.eyJz.c2ln expired", "token [redacted] expired"},
		{"signature " + presignedSignature + " does not match", "signature [redacted] does not match"},
		{"see https://docs.example.com/a?b=c.", "see https://docs.example.com/a?[redacted]"},
		{"HTTPS://A.COM/x?y z", "HTTPS://A.COM/x?[redacted] z"},
		{`"https://a.com/x?y"`, `"https://a.com/x?[redacted]"`},
		{"really?", "really?"},
		{"PutObject and x-id are no secrets", "[redacted] and x-id are no secrets"}, // long enough to be one
	} {
		if got := hide.text(test.text); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}

	// The query of an API call is no secret; the file's path is in there.
	get, err := http.NewRequest(http.MethodGet, "https://api.example.com/x?filePath=%2Fuploads%2Fimage.jpg", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.redactor(get, false).text("no file /uploads/image.jpg"); got != "no file /uploads/image.jpg" {
		t.Errorf("%q", got)
	}
}

// A secret may be the beginning of another one.
func TestRedactsTheLongerSecretFirst(t *testing.T) {
	t.Parallel()
	c := New(Config{Credentials: NewCredentials("", false, nil)})
	for range 20 { // the order in which a query is read is up to chance
		req, err := http.NewRequest(http.MethodPut, "https://storage.example.com/part?Key=AKIAIOSF&Token=AKIAIOSFODNN7SECRET", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.redactor(req, true).text("refused: AKIAIOSFODNN7SECRET"); got != "refused: "+redacted {
			t.Fatal(got)
		}
	}
}

// FuzzRedactor: no secret is left in a text, whatever it is and in whatever form and place
// a server or net/http repeats it.
func FuzzRedactor(f *testing.F) {
	for _, secret := range []string{"5f4dcc3b5aa765d61d8327deb882cf99", "AKIA/2026+x==&y", "ein Schlüssel", "a%2fb%2Fc%zz", "<tag>\"quoted\""} {
		f.Add(secret, "AWSAccessKeyId=AKIAIOSFODNN7&X-Amz-Signature=abc%2fdef%2b123", "before ", " after")
		f.Add(secret, url.Values{"sig": {secret}}.Encode(), "https://example.com/", "?x=y")
	}
	f.Add("", "a=00000000& \x00000000", "", "") // quoted, the second value ends like the first
	f.Fuzz(func(t *testing.T, token, query, before, after string) {
		if len(token)+len(query)+len(before)+len(after) > 2000 {
			return // slow
		}
		req := &http.Request{
			URL:    &url.URL{Scheme: "https", Host: "storage.example.com", Path: "/part", RawQuery: query},
			Header: http.Header{"Authorization-Token": {token}, "Authorization": {"Bearer " + redactedKey}},
		}
		secrets := []string{token, redactedKey, query}
		for pair := range strings.SplitSeq(query, "&") {
			_, raw, _ := strings.Cut(pair, "=")
			secrets = append(secrets, raw)
			if value, err := url.QueryUnescape(raw); err == nil {
				secrets = append(secrets, value)
			}
		}
		// What stands around a secret must not be mistaken for a part of another one.
		around := func(text string) string {
			return strings.Map(func(r rune) rune {
				if strings.ContainsRune(strings.Join(secrets, ""), r) {
					return -1
				}
				return r
			}, text)
		}
		before, after = around(before), around(after)
		hide := testRest().redactor(req, true)
		for _, secret := range secrets {
			if len(secret) < 8 || strings.ContainsAny(secret, "[]") || strings.Contains(redacted, secret) {
				continue // too short for a secret, or what replaces secrets is part of it
			}
			if got := hide.text(before + secret + after); strings.Contains(got, secret) {
				t.Errorf("%q is left in %q", secret, got)
			}
			clean := hide.err(fmt.Errorf("%s%s%s: %w", before, secret, after, &url.Error{Op: "Put", URL: req.URL.String(), Err: syscall.EPIPE}))
			eachWrapped(clean, func(err error) {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is left in %q", secret, err)
				}
			})
			if !errors.Is(clean, syscall.EPIPE) {
				t.Errorf("%v is no longer EPIPE", clean)
			}
		}
	})
}

// What is cut of a long text is cut after the secrets were taken out.
func TestLongErrorsAreCut(t *testing.T) {
	for at := 440; at < 560; at += 7 {
		text := strings.Repeat("x", at) + redactedKey + strings.Repeat("y", 3000)
		for name, err := range map[string]error{
			"bare": fmt.Errorf("%s%w", text, syscall.EPIPE),
			"url":  &url.Error{Op: "Get", URL: "https://example.com", Err: fmt.Errorf("%s%w", text, syscall.EPIPE)},
		} {
			clean := brief(testRest().redactor(signedRequest(t), true).err(err))
			if got := clean.Error(); len(got) > 600 || strings.Contains(got, redactedKey[:10]) {
				t.Errorf("%s at %d: %s", name, at, got)
			}
			if !errors.Is(clean, syscall.EPIPE) {
				t.Errorf("%s: %v is no longer EPIPE", name, clean)
			}
		}
	}
	if err := errors.Join(errors.New("one"), errors.New("two")); brief(err) != err {
		t.Error("an error of two lines was changed")
	}
}
