package bytescale

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/transfer"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

const (
	partJSON  = `{"range":{"inclusiveEnd":5242879,"inclusiveStart":0},"uploadId":"Kd759aLFxttm69kZ","uploadPartIndex":7,"uploadUrl":"https://storage.example.com/x"}`
	beginJSON = `{"file":{"accountId":"A623uY2","filePath":"/a","fileUrl":"https://upcdn.io/A623uY2/raw/a","lastModified":1615680311115,
		"metadata":{},"mime":"image/jpeg","originalFileName":"example.jpg","size":43182,"tags":[],"added":"later"},
		"uploadId":"Kd759aLFxttm69kZ","uploadParts":{"count":12,"first":` + partJSON + `},"added":{"later":true}}`
)

// calls returns all JSON calls of the service, by operation.
func calls(ctx context.Context, s *apiService) map[string]func() error {
	return map[string]func() error{
		operation.BeginMultipartUpload: func() error {
			_, err := s.begin(ctx, gen.BeginMultipartUploadRequest{Size: 43182})
			return err
		},
		operation.GetUploadPart:      func() error { _, err := s.GetPart(ctx, testUpload, 7); return err },
		operation.ListUploadParts:    func() error { _, err := s.ListParts(ctx, testUpload); return err },
		operation.CompleteUploadPart: func() error { _, err := s.CompletePart(ctx, testUpload, 7, `"e"`); return err },
		operation.GetFileDetails:     func() error { _, err := s.details(ctx, "/a b+c/ü.jpg"); return err },
		operation.DeleteFile:         func() error { return s.delete(ctx, "/a b+c/ü.jpg") },
	}
}

// good are answers that mean success.
var good = map[string]string{
	operation.BeginMultipartUpload: beginJSON,
	operation.GetUploadPart:        partJSON,
	operation.ListUploadParts:      `{"remainingUploadParts":[3,4,6]}`,
	operation.CompleteUploadPart:   `{"status":"Pending"}`,
	operation.GetFileDetails:       `{"accountId":"A623uY2","filePath":"/a","fileUrl":"u","lastModified":1,"metadata":{},"mime":"a/b","originalFileName":null,"size":1,"tags":[]}`,
	operation.DeleteFile:           "",
}

func goodStatus(op string) int {
	if op == operation.DeleteFile {
		return 204
	}
	return 200
}

// TestRequests pins what each call sends.
func TestRequests(t *testing.T) {
	const query = "?filePath=%2Fa%20b%2Bc%2F%C3%BC.jpg"
	want := map[string]string{
		operation.BeginMultipartUpload: `POST /v2/accounts/A623uY2/uploads {"size":43182}`,
		operation.GetUploadPart:        `GET /v2/accounts/A623uY2/uploads/Kd759aLFxttm69kZ/parts/7 `,
		operation.ListUploadParts:      `GET /v2/accounts/A623uY2/uploads/Kd759aLFxttm69kZ/parts `,
		operation.CompleteUploadPart:   `PUT /v2/accounts/A623uY2/uploads/Kd759aLFxttm69kZ/parts/7 {"etag":"\"e\""}`,
		operation.GetFileDetails:       `GET /v2/accounts/A623uY2/files/details` + query + ` `,
		operation.DeleteFile:           `DELETE /v2/accounts/A623uY2/files` + query + ` `,
	}
	for op, expected := range want {
		t.Run(op, func(t *testing.T) {
			var got, contentType string
			var seen events
			c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got, contentType = r.Method+" "+r.RequestURI+" "+string(body), r.Header.Get("Content-Type")
				w.WriteHeader(goodStatus(op))
				io.WriteString(w, good[op])
			}, WithObserver(seen.observe))
			if err := calls(t.Context(), c.api)[op](); err != nil {
				t.Fatal(err)
			}
			if got != expected {
				t.Errorf("sent %s, want %s", got, expected)
			}
			if json := strings.Contains(expected, "{"); json != (contentType == "application/json") {
				t.Errorf("Content-Type %q", contentType)
			}
			list := seen.all()
			if len(list) != 1 {
				t.Fatalf("%d events", len(list))
			}
			e := list[0]
			if e.Kind != EventAttempt || e.Operation != op || e.Status != goodStatus(op) || e.Err != nil || e.Duration <= 0 {
				t.Errorf("event %+v", e)
			}
			wantPart, wantID := int64(-1), ""
			if strings.Contains(expected, "parts/7") {
				wantPart = 7
			}
			if strings.Contains(expected, "parts") {
				wantID = testUpload
			}
			if e.Part != wantPart || e.UploadID != wantID {
				t.Errorf("event of part %d of %q, want %d of %q", e.Part, e.UploadID, wantPart, wantID)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	ctx := t.Context()
	begun, err := mustClient(t, testKey, respond(200, beginJSON)).api.begin(ctx, gen.BeginMultipartUploadRequest{})
	if err != nil || begun.uploadID != testUpload || begun.count != 12 || begun.first.Index != 7 {
		t.Errorf("begin: %+v (%v)", begun, err)
	}
	got, err := mustClient(t, testKey, respond(200, partJSON)).api.GetPart(ctx, testUpload, 7)
	if want := (transfer.Part{UploadID: testUpload, Index: 7, End: 5242879, URL: uploadURL(t, "https://storage.example.com/x")}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("part: %+v (%v)", got, err)
	}
	for body, want := range map[string]string{`{"remainingUploadParts":[3,4,6]}`: "[3 4 6]", `{"remainingUploadParts":[]}`: "[]"} {
		parts, err := mustClient(t, testKey, respond(200, body)).api.ListParts(ctx, testUpload)
		if err != nil || fmt.Sprint(parts) != want {
			t.Errorf("%s: %v (%v)", body, parts, err)
		}
	}
	for body, want := range map[string]transfer.Completion{
		`{"status":"Pending"}`:                               {},
		`{"status":"Completed","etag":"x"}`:                  {Completed: true, ETag: "x"},
		`{"etag":"\"x\"","status":"Completed","added":null}`: {Completed: true, ETag: `"x"`},
	} {
		done, err := mustClient(t, testKey, respond(200, body)).api.CompletePart(ctx, testUpload, 0, "e")
		if err != nil || done != want {
			t.Errorf("%s: %+v (%v)", body, done, err)
		}
	}
	// Integers above 2^53, null and time survive, also in JSON and back.
	details, err := mustClient(t, testKey, respond(200, detailsJSON("/a"))).api.details(ctx, "/a")
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(details)
	if err != nil {
		t.Fatal(err)
	}
	var decoded FileDetails
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*FileDetails{details, &decoded} {
		if d.ETag != "abc" || d.Metadata["id"] != json.Number("12345678901234567") || d.OriginalFileName != "" || d.Size != 5 ||
			!d.LastModified.Equal(time.UnixMilli(1615680311115)) || len(d.Tags) != 1 {
			t.Errorf("details %+v", d)
		}
	}
	empty, err := mustClient(t, testKey, respond(200, `{"accountId":"A623uY2","filePath":"/a","fileUrl":"u","size":1}`)).api.details(ctx, "/a")
	if err != nil || empty.Tags == nil || empty.Metadata == nil {
		t.Errorf("%+v (%v): tags and metadata must not be nil", empty, err)
	}
}

// TestBrokenAnswers covers answers that mean success and are malformed.
func TestBrokenAnswers(t *testing.T) {
	for op, bodies := range map[string][]string{
		operation.BeginMultipartUpload: {
			strings.Replace(beginJSON, `"count":12`, `"count":"12"`, 1),
			strings.Replace(beginJSON, `"count":12`, `"count":1.5`, 1),
			strings.Replace(beginJSON, `"count":12`, `"count":99999999999999999999`, 1),
			strings.Replace(beginJSON, `"count":12,`, ``, 1),
			strings.Replace(beginJSON, `"inclusiveStart":0`, `"inclusiveStart":null`, 1),
			strings.Replace(beginJSON, `"filePath":"/a"`, `"filePath":"a"`, 1),
			strings.Replace(beginJSON, `"size":43182`, `"size":-1`, 1),
			strings.Replace(beginJSON, `"lastModified":1615680311115`, `"lastModified":-1`, 1),
			strings.Replace(beginJSON, `"lastModified":1615680311115`, `"lastModified":253402300800000`, 1), // JSON has no year 10000
			strings.Replace(beginJSON, `"fileUrl":"https://upcdn.io/A623uY2/raw/a"`, `"fileUrl":""`, 1),
		},
		operation.GetUploadPart:      {strings.Replace(partJSON, `"uploadPartIndex":7,`, ``, 1), strings.Replace(partJSON, `"uploadUrl"`, `"uploadurl2"`, 1)},
		operation.ListUploadParts:    {`{"remainingUploadParts":null}`, `{"remainingUploadParts":[null,"x"]}`, `{"remainingUploadParts":{}}`},
		operation.CompleteUploadPart: {`{"status":"Odd"}`, `{"status":"Completed"}`, `{"status":"Completed","etag":""}`, `{"status":"Completed","etag":"a b"}`, `{"status":5}`},
		operation.GetFileDetails:     {`{"accountId":"A623uY2","filePath":"/a","fileUrl":"u","size":1,"etag":""}`, `{"accountId":"A623uY2","filePath":"/a","fileUrl":"u"}`},
		operation.DeleteFile:         nil,
	} {
		bodies = append(bodies, "", "null", "[]", "{}", `"x"`, "<html>", good[op]+"x", strings.TrimSuffix(good[op], "}"))
		for _, body := range bodies {
			if op == operation.DeleteFile {
				continue // reads nothing of a success
			}
			c := mustClient(t, testKey, respond(200, body))
			err := calls(t.Context(), c.api)[op]()
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("%s with %.80q: error %v, want ErrProtocol", op, body, err)
				continue
			}
			if text := err.Error(); !strings.Contains(text, op) || !strings.Contains(text, "200") {
				t.Errorf("%q names operation and status not", text)
			}
		}
		// Success of another kind than documented.
		for _, status := range []int{202, 203, 206, 299, 204} {
			if status == goodStatus(op) || op == operation.DeleteFile && status == 202 {
				continue
			}
			err := calls(t.Context(), mustClient(t, testKey, respond(status, good[op])).api)[op]()
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("%s with status %d: error %v, want ErrProtocol", op, status, err)
			}
		}
	}
}

// TestErrorBodies holds every shape of error answer to the same rules.
func TestErrorBodies(t *testing.T) {
	for _, test := range []struct {
		name, body, code, message string
		details                   string
	}{
		{"as documented", `{"error":{"code":"error_code","message":"Error message.","details":{"body.mime":{"message":"No","value":12345678901234567}}}}`,
			"error_code", "Error message.", "map[body.mime:map[message:No value:12345678901234567]]"},
		{"details of another type", `{"error":{"code":"a","message":"b","details":"c"}}`, "a", "b", "map[]"},
		{"code of another type", `{"error":{"code":5,"message":"b"}}`, "5", "b", "map[]"},
		{"error of another type", `{"error":"boom"}`, "", "boom", "map[]"},
		{"of storage", `<?xml version="1.0" encoding="UTF-8"?><Error><Code>SignatureDoesNotMatch</Code><Message>No match.</Message><StringToSign>s</StringToSign></Error>`,
			"SignatureDoesNotMatch", "No match.", "map[]"},
		{"XML of something else", `<Fault><Code>x</Code></Fault>`, "x", "", "map[]"},
		{"HTML", `<html><body>502 Bad Gateway</body></html>`, "", "", "map[]"},
		{"text", `upstream connect error`, "", "upstream connect error", "map[]"},
		{"empty", ``, "", "", "map[]"},
		{"null", `null`, "", "", "map[]"},
		{"a list", `[1,2]`, "", "", "map[]"},
		{"cut off", `{"error":{"code":"a","mess`, "", "", "map[]"},
		{"of several lines, for a terminal", `{"error":{"code":"a\u001b[2J","message":"one\n\ttwo\u001b]0;x\u0007 \u202ethree"}}`, "a [2J", "one two ]0;x three", "map[]"},
		{"not UTF-8", "{\"error\":{\"code\":\"a\",\"message\":\"b\xff\"}}", "a", "b\ufffd", "map[]"},
		{"long", `{"error":{"code":"a","message":"` + strings.Repeat("ü", 7000) + `"}}`, "a", strings.Repeat("ü", 499) + "…", "map[]"},
		{"huge", `{"error":{"code":"a","message":"` + strings.Repeat("x", 16<<10) + `"}}`, "", "", "map[]"},
		{"many details", `{"error":{"code":"a","message":"b","details":{"a":[` + strings.Repeat("{},", 2000) + `{}]}}}`, "a", "b", "map[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for op := range good {
				err := calls(t.Context(), mustClient(t, testKey, respond(418, test.body)).api)[op]()
				failed := wantAPIError(t, err, op, 418)
				if failed.Code != test.code || failed.Message != test.message || fmt.Sprint(failed.Details) != test.details {
					t.Errorf("%s: code %q, message %q, details %v; want %q, %q, %v",
						op, failed.Code, failed.Message, failed.Details, test.code, test.message, test.details)
				}
			}
		})
	}
}

func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		`{"error":{"code":"error_code","message":"Error message.","details":{}}}`,
		`<Error><Code>x</Code><Message>y</Message></Error>`, ``, `null`, `{"error":null}`, "\xff\xfe", `{"error":{"message":"` + signedURL + `"}}`,
	} {
		f.Add([]byte(body))
	}
	c, err := NewClient(testKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := http.NewRequest(http.MethodPut, signedURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+testKey)
		var failed *APIError
		if err := c.apiError(operation.PutPart, answer(req, 400, string(body))); !errors.As(err, &failed) {
			t.Fatal(err)
		}
		text := failed.Error()
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 1100 {
			t.Fatalf("%d characters: %q", utf8.RuneCountInString(text), text)
		}
		if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
			t.Fatalf("control character in %q", text)
		}
		for _, secret := range []string{testKey, signature} {
			if strings.Contains(fmt.Sprintf("%+v", failed), secret) {
				t.Fatalf("%+v shows %s", failed, secret)
			}
		}
	})
}

func TestRetryAfterIsKept(t *testing.T) {
	err := mustClient(t, testKey, respond(503, "", "Retry-After", "7")).api.delete(t.Context(), "/a")
	if wait := failureOf(err).RetryAfter; wait != 7*time.Second {
		t.Errorf("wait %v", wait)
	}
	err = mustClient(t, testKey, respond(503, "")).api.delete(t.Context(), "/a")
	if wait := failureOf(err).RetryAfter; wait != 0 {
		t.Errorf("a wait of %v from nowhere", wait)
	}
}

// TestAnswersAreBounded has a server that never stops.
func TestAnswersAreBounded(t *testing.T) {
	endless := func(status int) ClientOption {
		return withTransport(func(req *http.Request) (*http.Response, error) {
			resp := answer(req, status, "")
			resp.ContentLength, resp.Body = -1, io.NopCloser(spaces{})
			return resp, nil
		})
	}
	for op := range good {
		if op == operation.DeleteFile {
			continue // reads nothing of a 204
		}
		if err := calls(t.Context(), mustClient(t, testKey, endless(200)).api)[op](); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: error %v, want ErrProtocol", op, err)
		}
	}
	wantAPIError(t, mustClient(t, testKey, endless(500)).api.delete(t.Context(), "/a"), operation.DeleteFile, 500)
	_, err := mustClient(t, testKey, endless(500)).api.PutPart(t.Context(), uploadURL(t, signedURL), 1, bodyOf("x"))
	wantAPIError(t, err, operation.PutPart, 500)
	if _, err := mustClient(t, testKey, endless(200)).API().GetFileDetailsWithResponse(t.Context(), testAccount, &gen.GetFileDetailsParams{FilePath: "/a"}); err == nil {
		t.Error("the generated client read an endless answer")
	}

	// An answer of exactly the limit is good.
	for op, limit := range map[string]int{operation.GetFileDetails: 128 << 10, operation.ListUploadParts: 1 << 20} {
		body := good[op] + strings.Repeat(" ", limit-len(good[op]))
		if err := calls(t.Context(), mustClient(t, testKey, respond(200, body)).api)[op](); err != nil {
			t.Errorf("%s: %v", op, err)
		}
		if err := calls(t.Context(), mustClient(t, testKey, respond(200, body+" ")).api)[op](); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s, one byte more: %v", op, err)
		}
	}
}

// What an answer takes when it is decoded is bounded, too.
func TestAnswersHaveFewValues(t *testing.T) {
	details := func(metadata string) string {
		return strings.Replace(good[operation.GetFileDetails], `"metadata":{}`, `"metadata":`+metadata, 1)
	}
	for name, test := range map[string]struct {
		metadata string
		good     bool
	}{
		"2 KB of metadata":    {`{"a":[` + strings.Repeat("0,", 1020) + `0]}`, true},
		"text of 100 KB":      {`{"a":"` + strings.Repeat(`,[{\"`, 20_000) + `"}`, true},
		"many short values":   {`{"a":[` + strings.Repeat("{},", 2100) + `0]}`, false},
		"many nested values":  {`{"a":` + strings.Repeat("[", 2100) + strings.Repeat("]", 2100) + `}`, false},
		"many after a string": {`{"a\\":[` + strings.Repeat("0,", 2100) + `0]}`, false},
	} {
		_, err := mustClient(t, testKey, respond(200, details(test.metadata))).api.details(t.Context(), "/a")
		if test.good && err != nil || !test.good && !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of the long answers that come at the same time, some wait.
func TestLongAnswersWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open, most atomic.Int64
		c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
			body := good[operation.GetFileDetails]
			if strings.HasSuffix(req.URL.RawQuery, "long") {
				body += strings.Repeat(" ", 100_000)
			}
			resp := answer(req, 200, body)
			resp.Body = &slowBody{resp.Body, &open, &most, 0}
			return resp, nil
		}))
		done := make(chan error)
		for i := range 64 {
			path := "/short"
			if i%2 == 0 {
				path = "/long"
			}
			go func() {
				_, err := c.api.details(t.Context(), path)
				done <- err
			}()
		}
		for range 64 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := most.Load(); n != 16 {
			t.Errorf("%d answers of 100 KB were read at the same time, want 16", n)
		}
	})
}

// slowBody counts the bodies of which more than 16 KiB were read.
type slowBody struct {
	io.ReadCloser
	open, most *atomic.Int64
	read       int
}

func (b *slowBody) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	n, err := b.ReadCloser.Read(p)
	before := b.read
	b.read += n
	if before <= 16<<10 && b.read > 16<<10 {
		b.most.Store(max(b.most.Load(), b.open.Add(1)))
	}
	return n, err
}

func (b *slowBody) Close() error {
	if b.read > 16<<10 {
		b.open.Add(-1)
	}
	return b.ReadCloser.Close()
}

// An error holds nothing of the server's without bound or without a look at it.
func TestErrorsQuoteLittle(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for name, option := range map[string]ClientOption{
		"a long upload id":     respond(200, strings.Replace(beginJSON, `"uploadId":"Kd759aLFxttm69kZ","uploadParts"`, `"uploadId":"`+long+`","uploadParts"`, 1)),
		"the key as upload id": respond(200, strings.ReplaceAll(beginJSON, `Kd759aLFxttm69kZ`, testKey)),
		"a long upload URL":    respond(200, strings.Replace(beginJSON, `storage.example.com/x`, `storage.example.com/`+long, 1)),
		"a long line": withTransport(func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("malformed HTTP response %q", long)
		}),
		"terminal codes": withTransport(func(*http.Request) (*http.Response, error) {
			return nil, textproto.ProtocolError("malformed MIME header line: \x1b]0;x\a")
		}),
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := mustClient(t, testKey, option).Upload(t.Context(), Bytes(content(43182)))
			if err == nil {
				t.Fatalf("%s: no error", name)
			}
			if text := err.Error(); len(text) > 1000 || strings.Contains(text, testKey) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%s: %.2000q", name, text)
			}
		})
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A server that answers TLS in plain HTTP is final.
func TestPlainServerAtHTTPSAddress(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := strings.Replace(server.URL, "http:", "https:", 1)
	c := mustClient(t, testKey, WithAPIURL(address))
	defer c.CloseIdleConnections()
	_, put := c.api.PutPart(t.Context(), uploadURL(t, address), 1, bodyOf("x"))
	_, call := c.api.details(t.Context(), "/a")
	for op, err := range map[string]error{operation.PutPart: put, operation.GetFileDetails: call} {
		if !errors.Is(err, http.ErrSchemeMismatch) || retry.Policy(failureOf).Decide(op, err) != retry.Stop {
			t.Errorf("%s: %v, want it to be final", op, err)
		}
	}
}

// TestCallTimeout covers servers that never answer, and that stop in the middle.
func TestCallTimeout(t *testing.T) {
	for name, transport := range map[string]roundTrip{
		"no answer": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, context.Cause(req.Context())
		},
		"half an answer": func(req *http.Request) (*http.Response, error) {
			resp := answer(req, 200, "")
			resp.Body = io.NopCloser(hang(req.Context().Done()))
			return resp, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := mustClient(t, testKey, withTransport(transport))
				began := time.Now()
				_, err := c.api.details(t.Context(), "/a")
				if !errors.Is(err, ErrStalled) {
					t.Errorf("error %v, want ErrStalled", err)
				}
				if waited := time.Since(began); waited != 2*time.Minute {
					t.Errorf("waited %v, want 2m", waited)
				}
				if retry.Policy(failureOf).Decide(operation.GetFileDetails, err) != retry.Retry {
					t.Error("it would not be tried again")
				}
			})
		})
	}
}

// hang is a body that blocks.
type hang <-chan struct{}

func (h hang) Read([]byte) (int, error) {
	<-h
	return 0, context.Canceled
}

// TestCallsHoldTheLimits counts the requests under way at the server.
func TestCallsHoldTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gauge := newGauge()
		c := mustClient(t, testKey, WithAPICallsInFlight(3), withTransport(func(req *http.Request) (*http.Response, error) {
			gauge.add("call", 1)
			resp := answer(req, 200, detailsJSON("/a"))
			resp.Body = &closer{resp.Body, func() { gauge.add("call", -1) }}
			time.Sleep(time.Second)
			return resp, nil
		}))
		began := time.Now()
		done := make(chan error)
		for i := range 12 {
			go func() {
				if i%2 == 0 {
					_, err := c.API().GetFileDetailsWithResponse(t.Context(), testAccount, &gen.GetFileDetailsParams{FilePath: "/a"})
					done <- err
					return
				}
				_, err := c.GetFileDetails(t.Context(), "/a")
				done <- err
			}()
		}
		for range 12 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if gauge.highest["call"] != 3 || gauge.inFlight["call"] != 0 {
			t.Errorf("%d calls at once, %d bodies open; want 3 and 0", gauge.highest["call"], gauge.inFlight["call"])
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

type closer struct {
	io.ReadCloser
	closed func()
}

func (c *closer) Close() error {
	c.closed()
	return c.ReadCloser.Close()
}

// Both the API and storage can slow down the API calls.
func TestSlowDown(t *testing.T) {
	for _, status := range []int{429, 503} {
		var seen events
		c := mustClient(t, testKey, respond(status, ""), WithObserver(seen.observe))
		c.api.delete(t.Context(), "/a")
		storage := mustClient(t, testKey, respond(status, ""), WithObserver(seen.observe))
		storage.api.PutPart(t.Context(), uploadURL(t, signedURL), 1, bodyOf("x"))
		slowed := 0
		for _, e := range seen.all() {
			if e.Kind == EventSlowDown && e.Rate > 0 && e.Part == -1 {
				slowed++
			}
		}
		if slowed != 2 {
			t.Errorf("status %d: %d slow-downs, want 2", status, slowed)
		}
	}
}

// TestPutPart pins the request of a part as it is on the wire.
func TestPutPart(t *testing.T) {
	for _, content := range []string{"hello", ""} {
		t.Run(fmt.Sprintf("%d bytes", len(content)), func(t *testing.T) {
			const path = "/bucket/a%2Fb/ä'()!?X-Amz-Signature=abc%2Fdef+g&x-id=PutObject&empty&="
			var got *http.Request
			var body []byte
			c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
				got = r
				body, _ = io.ReadAll(r.Body)
				w.Header().Set("ETag", `W/"5d41402a"`)
			})
			opened := 0
			etag, err := c.api.PutPart(t.Context(), uploadURL(t, c.apiURL.String()+path), int64(len(content)), func() (io.ReadCloser, error) {
				opened++
				return io.NopCloser(strings.NewReader(content)), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if etag != `W/"5d41402a"` {
				t.Errorf("etag %q is not verbatim", etag)
			}
			if want := strings.Replace(path, "ä", "%C3%A4", 1); got.RequestURI != want {
				t.Errorf("sent to %s, want %s", got.RequestURI, want)
			}
			if string(body) != content || got.ContentLength != int64(len(content)) || len(got.TransferEncoding) != 0 {
				t.Errorf("body %q with length %d and encoding %v", body, got.ContentLength, got.TransferEncoding)
			}
			for _, name := range []string{"Authorization", "Authorization-Token", "Content-Type", "Cookie", "Expect", "Transfer-Encoding"} {
				if v, ok := got.Header[name]; ok {
					t.Errorf("header %s: %q", name, v)
				}
			}
			if got.Header.Get("Content-Length") == "" && content == "" && got.ContentLength != 0 {
				t.Error("an empty part needs a Content-Length too")
			}
			if want := min(1, len(content)); opened != want {
				t.Errorf("body opened %d times, want %d", opened, want)
			}
		})
	}
}

func TestPutPartReplays(t *testing.T) {
	var req *http.Request
	c := mustClient(t, testKey, withTransport(func(r *http.Request) (*http.Response, error) {
		req = r
		return answer(r, 200, "", "ETag", "e"), nil
	}))
	if _, err := c.api.PutPart(t.Context(), uploadURL(t, signedURL), 5, bodyOf("hello")); err != nil {
		t.Fatal(err)
	}
	body, err := req.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := io.ReadAll(body); string(content) != "hello" {
		t.Errorf("replays %q", content)
	}
	if _, err := c.api.PutPart(t.Context(), uploadURL(t, signedURL), 0, bodyOf("unused")); err != nil {
		t.Fatal(err)
	}
	if req.Body != http.NoBody && req.Body != nil {
		t.Errorf("empty part with body %T", req.Body)
	}
}

func TestPutPartAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		etag   string
		want   error
	}{
		{"created", 201, "e", nil},
		{"no content", 204, `"e"`, nil},
		{"no etag", 200, "", errs.ErrMissingETag},
		{"an etag with a space", 200, "a b", errs.ErrMissingETag},
		{"an etag that is too long", 200, strings.Repeat("x", 256), errs.ErrMissingETag},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := []string{"X-Other", "x"}
			if test.etag != "" {
				header = []string{"ETag", test.etag}
			}
			etag, err := mustClient(t, testKey, respond(test.status, "", header...)).api.PutPart(t.Context(), uploadURL(t, signedURL), 1, bodyOf("x"))
			if !errors.Is(err, test.want) || test.want == nil && (err != nil || etag != test.etag) {
				t.Errorf("etag %q, error %v", etag, err)
			}
		})
	}
	_, err := mustClient(t, testKey, respond(403, `<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>`)).
		api.PutPart(t.Context(), uploadURL(t, signedURL), 1, bodyOf("x"))
	if failed := wantAPIError(t, err, operation.PutPart, 403); failed.Code != "AccessDenied" || failed.Message != "Request has expired" {
		t.Errorf("%+v", failed)
	}
}

// uploadURL returns the address that a part is sent to.
func uploadURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := wire.ParseUploadURL(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A part whose URL no body can be sent to is refused as soon as the API sends it.
func TestUploadURLs(t *testing.T) {
	for _, address := range []string{
		"", "/x?sig=" + signature, "://", "ftp://a.com/?sig=" + signature, "file:///etc/passwd", "javascript:alert(1)",
		"https://user:" + signature + "@a.com/", "https://a.com:x/?sig=" + signature, "https:///x?sig=" + signature,
	} {
		for op, body := range map[string]string{operation.BeginMultipartUpload: beginJSON, operation.GetUploadPart: partJSON} {
			body = strings.Replace(body, "https://storage.example.com/x", address, 1)
			err := calls(t.Context(), mustClient(t, testKey, respond(200, body)).api)[op]()
			if !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), "URL of the part") {
				t.Errorf("%s, %q: %v", op, address, err)
			}
			wantNoSignature(t, fmt.Sprint(err))
		}
	}
}

// TestFailuresShowNoSecret drives every call into every kind of failure, with a
// server that repeats whatever it was sent, and looks for secrets in the errors
// and events.
func TestFailuresShowNoSecret(t *testing.T) {
	const jwt = "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"
	echo := func(req *http.Request) string {
		all := fmt.Sprint(req.URL, " ", req.Header.Get("Authorization"), " ", req.Header.Get("Authorization-Token"), " ", testKey, " ", req.URL.RawQuery)
		encoded, _ := json.Marshal(all)
		return string(encoded)
	}
	failures := map[string]roundTrip{
		"the network, with the URL": func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("dial %s with %s: %w", req.URL, echo(req), syscall.ECONNREFUSED)
		},
		"JSON": func(req *http.Request) (*http.Response, error) {
			return answer(req, 400, fmt.Sprintf(`{"error":{"code":%[1]s,"message":%[1]s,"details":{%[1]s:[%[1]s]}}}`, echo(req))), nil
		},
		"XML": func(req *http.Request) (*http.Response, error) {
			message := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(echo(req))
			return answer(req, 403, `<Error><Code>x</Code><Message>`+message+`</Message></Error>`), nil
		},
		"success that is none": func(req *http.Request) (*http.Response, error) {
			return answer(req, 200, `{"uploadId":`+echo(req)+`}`), nil
		},
		"a redirect": func(req *http.Request) (*http.Response, error) {
			return answer(req, 307, "", "Location", "https://elsewhere.example.com/?"+signature), nil
		},
		"a redirect to nonsense": func(req *http.Request) (*http.Response, error) {
			return answer(req, 307, "", "Location", "https://elsewhere.example.com:x/?"+signature), nil
		},
		"an answer cut off": func(req *http.Request) (*http.Response, error) {
			resp := answer(req, 200, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"a`), brokenReader{}))
			return resp, nil
		},
		"refused": func(req *http.Request) (*http.Response, error) { return answer(req, 401, echo(req)), nil },
	}
	for name, transport := range failures {
		for _, basic := range []bool{false, true} {
			var seen events
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			observe := func(e Event) {
				if seen.observe(e); e.Kind == EventRetry {
					cancel() // one attempt is enough
				}
			}
			opts := []ClientOption{withTransport(transport), WithObserver(observe), WithJWT(func(context.Context) (string, error) { return jwt, nil })}
			if basic {
				opts = append(opts, WithBasicAuth())
			}
			c := mustClient(t, testKey, opts...)
			all := calls(t.Context(), c.api)
			all[operation.PutPart] = func() error {
				_, err := c.api.PutPart(t.Context(), uploadURL(t, signedURL), 1, bodyOf("x"))
				return err
			}
			all["download"] = func() error {
				_, err := c.Download(ctx, "/a", WithCDNAuth())
				return err
			}
			for op, call := range all {
				err := call()
				if err == nil {
					// A deletion needs no words.
					if op != "download" && op != operation.PutPart && op != operation.DeleteFile {
						t.Errorf("%s: %s succeeded", name, op)
					}
					continue
				}
				where := name + ": " + op
				walk(err, func(err error) {
					wantNoSecret(t, where, fmt.Sprintf("%v %+v %#v", err, err, err), testKey, jwt, signature)
					var failed *APIError
					if errors.As(err, &failed) {
						wantNoSecret(t, where, fmt.Sprintf("%+v %#v", *failed, *failed), testKey, jwt, signature)
					}
				})
			}
			for _, e := range seen.all() {
				wantNoSecret(t, name+": event", fmt.Sprintf("%+v %#v %v", e, e, e.Err), testKey, jwt, signature)
			}
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// The errors of lost connections stay recognizable.
func TestLostConnections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/accounts/A623uY2/files/details" {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"acc`)
		}
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	c := mustClient(t, testKey, WithAPIURL(server.URL))
	for op, call := range calls(t.Context(), c.api) {
		err := call()
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: error %v", op, err)
		}
		if verdict := retry.Policy(failureOf).Decide(op, err); verdict != retry.Retry && verdict != retry.AskServer {
			t.Errorf("%s: %v would not be tried again", op, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for op, call := range calls(ctx, c.api) {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", op, err)
		}
	}
}

// TestCallsGiveBackWhatTheyHold makes more calls than may be under way, one
// after another, of every kind that ends early.
func TestCallsGiveBackWhatTheyHold(t *testing.T) {
	for name, transport := range map[string]roundTrip{
		"a lost connection": lost,
		"a refused token":   status(401),
		"a failure":         status(500),
		"nonsense":          ok("x"),
	} {
		synctest.Test(t, func(t *testing.T) {
			open := 0
			c := mustClient(t, testKey, WithAPICallsInFlight(2),
				WithJWT(func(context.Context) (string, error) { return "token", nil }),
				withTransport(func(req *http.Request) (*http.Response, error) {
					resp, err := transport(req)
					if err == nil {
						open++
						resp.Body = &closer{resp.Body, func() { open-- }}
					}
					return resp, err
				}))
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			for range 5 {
				for op, call := range calls(ctx, c.api) {
					if err := call(); errors.Is(err, context.DeadlineExceeded) {
						t.Fatalf("%s: %s waits for a place that nobody gives back", name, op)
					}
				}
			}
			if open != 0 {
				t.Errorf("%s: %d bodies are open", name, open)
			}
		})
	}
}

// A caller of the generated client may close an answer twice. That frees one place among the
// calls in flight.
func TestAnswerClosedTwiceCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, testKey, WithAPICallsInFlight(2), withTransport(ok(detailsJSON("/a"))))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		get := func() (*http.Response, error) {
			return c.API().ClientInterface.GetFileDetails(ctx, c.AccountID(), &gen.GetFileDetailsParams{FilePath: "/a"})
		}
		var open []*http.Response
		for range 3 {
			resp, err := get()
			if err != nil {
				t.Fatal(err)
			}
			if open = append(open, resp); len(open) == 1 {
				resp.Body.Close()
				resp.Body.Close()
			}
		}
		if _, err := get(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want it to wait: two calls are in flight, and two are allowed", err)
		}
		for _, resp := range open {
			resp.Body.Close()
		}
	})
}

// methodOf names the method of Client for each operation of openapi.yaml that is not
// called like its operation, or like its plural for a batch, and the reason. An empty
// method means that the operation is reached through API alone.
var methodOf = map[string]struct{ method, why string }{
	"BeginMultipartUpload": {"Upload", "a step of an upload"},
	"GetUploadPart":        {"Upload", "a step of an upload"},
	"CompleteUploadPart":   {"Upload", "a step of an upload"},
	"ListUploadParts":      {"Resume", "a step of an upload that goes on"},
	"DownloadFile":         {"Download", "the product's verb"},
	"BasicUpload":          {"Upload", "what a small file may be stored by"},
	"FormDataUpload":       {"", "it is the form of browsers"},
}

// TestOperations ties every operation of openapi.yaml to a method of Client, and to one
// of the generated client.
func TestOperations(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	client, generated := reflect.TypeFor[*Client](), reflect.TypeFor[*gen.ClientWithResponses]()
	// No generated method: their paths have slashes in a parameter.
	byHand := map[string]bool{"DownloadFile": true, "ProcessFile": true, "ProcessFileAndSave": true}

	seen := map[string]bool{}
	for _, item := range document.Paths.Map() {
		for _, described := range item.Operations() {
			id := described.OperationID
			seen[id] = true
			goName := strings.ReplaceAll(id, "Url", "URL") // initialisms keep their case
			usual := goName
			if one, batch := strings.CutSuffix(goName, "Batch"); batch {
				usual = one + "s" // CopyFileBatch is CopyFiles
			}

			exception, isException := methodOf[id]
			method := usual
			if isException {
				method = exception.method
			}
			if _, ok := client.MethodByName(method); !ok && method != "" {
				t.Errorf("%s: Client has no method %s; add it, or state the exception in methodOf", id, method)
			}
			if _, ok := client.MethodByName(usual); ok && isException {
				t.Errorf("%s: Client has a method %s: the exception is needed no longer", id, usual)
			}

			_, plain := generated.MethodByName(goName + "WithResponse")
			_, withBody := generated.MethodByName(goName + "WithBodyWithResponse")
			if !plain && !withBody && !byHand[id] {
				t.Errorf("%s: the generated client has no method for it", id)
			}
		}
	}
	for id := range methodOf {
		if !seen[id] {
			t.Errorf("%s is an exception, but not in openapi.yaml", id)
		}
	}
}

// The bytes of a file and the URL that lets them in do not go over plain http, unless the
// caller has chosen that.
func TestPartsStayEncrypted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		api, cdn, storage string
		sent              bool
	}{
		"https":                     {"https://api.example.com", "https://cdn.example.com", "https://s.example.com/x", true},
		"plain":                     {"https://api.example.com", "https://cdn.example.com", "http://s.example.com/x", false},
		"plain, capitals":           {"https://api.example.com", "https://cdn.example.com", "HTTP://s.example.com/x", false},
		"plain, the API's host":     {"https://api.example.com", "https://cdn.example.com", "http://api.example.com/x", false},
		"plain, the CDN's host":     {"https://api.example.com", "https://cdn.example.com", "http://cdn.example.com/x", false},
		"plain, this machine":       {"https://api.example.com", "https://cdn.example.com", "http://127.0.0.1/x", false},
		"plain API":                 {"http://api.example.com", "https://cdn.example.com", "http://s.example.com/x", true},
		"plain API, storage is not": {"http://api.example.com", "https://cdn.example.com", "https://s.example.com/x", true},
		"plain CDN":                 {"https://api.example.com", "http://cdn.example.com", "http://s.example.com/x", false},
		"plain CDN that is storage": {"https://api.example.com", "http://s.example.com", "http://s.example.com:80/x", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				puts := 0
				part := strings.Replace(partJSON, "https://storage.example.com/x", test.storage, 1)
				part = strings.Replace(part, `"uploadPartIndex":7`, `"uploadPartIndex":0`, 1)
				c := mustClient(t, testKey, WithAPIURL(test.api), WithCDNURL(test.cdn), withTransport(func(req *http.Request) (*http.Response, error) {
					if req.Body != nil {
						_, _ = io.Copy(io.Discard, req.Body)
						req.Body.Close()
					}
					switch {
					case req.URL.Path == "/x":
						puts++
						return answer(req, 200, "", "ETag", "e"), nil
					case req.Method == http.MethodPut:
						return answer(req, 200, `{"status":"Completed","etag":"e"}`), nil
					case req.Method == http.MethodGet:
						return answer(req, 200, part), nil
					}
					return answer(req, 200, `{"file":`+detailsJSON("/a")+`,"uploadId":"Kd759aLFxttm69kZ","uploadParts":{"count":1,"first":`+part+`}}`), nil
				}))
				_, err := c.Upload(t.Context(), Bytes(make([]byte, 5242880)))
				if test.sent && (err != nil || puts != 1) || !test.sent && (!errors.Is(err, ErrProtocol) || puts != 0) {
					t.Errorf("%d PUTs, error %v", puts, err)
				}
				if _, err := c.api.GetPart(t.Context(), testUpload, 0); (err == nil) != test.sent {
					t.Errorf("a part alone: %v", err)
				}
			})
		})
	}
}

// Numbers that are whole, a byte order mark, compressed answers and types in capitals are
// read by every call, and by the generated client.
func TestLegalFormsAreRead(t *testing.T) {
	numbers := regexp.MustCompile(`(":\s*)(-?\d+)([,}\]])`)
	list := regexp.MustCompile(`(\[)3,4,6(\])`)
	for name, form := range map[string]struct {
		change  func(string) string
		headers []string
	}{
		"5.0": {func(s string) string {
			return list.ReplaceAllString(numbers.ReplaceAllString(s, "$1$2.0$3"), "${1}3.0,4.0,6.0$2")
		}, nil},
		"5e0": {func(s string) string {
			return list.ReplaceAllString(numbers.ReplaceAllString(s, "$1${2}e0$3"), "${1}3e0,0.4e1,60e-1$2")
		}, nil},
		"a mark":          {func(s string) string { return "\ufeff" + s }, nil},
		"a fraction":      {func(s string) string { return strings.ReplaceAll(s, "1615680311115", "1615680311115.25") }, nil},
		"type":            {func(s string) string { return s }, []string{"Content-Type", "Application/JSON; charset=UTF-8"}},
		"no type":         {func(s string) string { return s }, nil},
		"another type":    {func(s string) string { return s }, []string{"Content-Type", "text/plain"}},
		"gzip":            {zipped, []string{"Content-Encoding", "gzip"}},
		"gzip and a mark": {func(s string) string { return zipped("\ufeff" + s) }, []string{"Content-Encoding", "GZip"}},
	} {
		t.Run(name, func(t *testing.T) {
			for op, body := range good {
				c := mustClient(t, testKey, respond(goodStatus(op), form.change(body), form.headers...))
				if op == operation.DeleteFile {
					continue // has no body
				}
				if err := calls(t.Context(), c.api)[op](); err != nil {
					t.Errorf("%s: %v", op, err)
				}
			}
			c := mustClient(t, testKey, respond(200, form.change(beginJSON), form.headers...))
			result, err := c.API().BeginMultipartUploadWithResponse(t.Context(), testAccount, gen.BeginMultipartUploadRequest{Size: 43182})
			if err != nil || result.JSON200 == nil || result.JSON200.UploadParts.Count != 12 || result.JSON200.File.LastModified.Time().UnixMilli() != 1615680311115 {
				t.Errorf("the generated client: %+v, %v", result, err)
			}
			c = mustClient(t, testKey, respond(200, form.change(strings.Replace(detailsJSON("/a"), `"id":`, `"x":{"y":2.50},"id":`, 1)), form.headers...))
			details, err := c.api.details(t.Context(), "/a")
			if err != nil {
				t.Fatal(err)
			}
			if y := fmt.Sprint(details.Metadata["x"]); y != "map[y:2.50]" || details.Size != 5 {
				t.Errorf("details %+v", details)
			}
		})
	}
	for _, size := range []string{"9223372036854775808", "9223372036854775808.0", "9.223372036854775808e18", "1e19", "1.5", "5e-1"} {
		body := strings.Replace(detailsJSON("/a"), `"size":5`, `"size":`+size, 1)
		if _, err := mustClient(t, testKey, respond(200, body)).api.details(t.Context(), "/a"); !errors.Is(err, ErrProtocol) {
			t.Errorf("size %s: %v", size, err)
		}
	}
	body := strings.Replace(detailsJSON("/a"), `"size":5`, `"size":9.223372036854775807E18`, 1)
	if details, err := mustClient(t, testKey, respond(200, body)).api.details(t.Context(), "/a"); err != nil || details.Size != math.MaxInt64 {
		t.Errorf("the largest size: %v, %v", details, err)
	}
	// What is no JSON at all is an error of the generated client, not an empty result.
	if _, err := mustClient(t, testKey, respond(200, "<html>", "Content-Type", "text/html")).API().GetFileDetailsWithResponse(t.Context(), testAccount, &gen.GetFileDetailsParams{FilePath: "/a"}); err == nil {
		t.Error("a page was taken for details")
	}
	if result, err := mustClient(t, testKey, respond(403, "<html>", "Content-Type", "text/html")).API().GetFileDetailsWithResponse(t.Context(), testAccount, &gen.GetFileDetailsParams{FilePath: "/a"}); err != nil || result.StatusCode() != 403 {
		t.Errorf("a refusal in a page: %v, %v", result, err)
	}
}

func zipped(text string) string {
	var coded bytes.Buffer
	w := gzip.NewWriter(&coded)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return coded.String()
}

// One call at a time, and no answer that is older than its question.
func TestPartListsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lists partLists
		var mu sync.Mutex
		var began []time.Time
		call := func(ctx context.Context, uploadID string) ([]int64, error) {
			mu.Lock()
			began = append(began, time.Now())
			nth := int64(len(began))
			mu.Unlock()
			return []int64{nth}, pause(ctx, time.Second)
		}
		beganAt := func(nth int64) time.Time {
			mu.Lock()
			defer mu.Unlock()
			return began[nth-1]
		}
		start := time.Now()
		done := make(chan error)
		for i := range 20 {
			go func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				asked := time.Now()
				got, err := lists.ask(t.Context(), "u", call)
				switch {
				case err != nil:
				case len(got) != 1:
					err = errors.New("no answer")
				case beganAt(got[0]).Before(asked):
					err = errors.New("an old answer")
				case time.Since(asked) > 2*time.Second:
					err = errors.New("two calls would have been enough")
				}
				done <- err
			}()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); len(began) != 3 || took != 3*time.Second {
			t.Errorf("%d calls in %v", len(began), took)
		}
		if len(lists.uploads) != 0 {
			t.Errorf("%d lists are left", len(lists.uploads))
		}
	})
}

// Who gives up does not keep the others from an answer, and uploads do not wait for
// each other.
func TestPartListsGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lists partLists
		slow := func(ctx context.Context, uploadID string) ([]int64, error) { return nil, pause(ctx, time.Minute) }
		quick := func(context.Context, string) ([]int64, error) { return []int64{7}, nil }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		done := make(chan error)
		for range 3 { // the one that calls, and two that wait
			go func() {
				_, err := lists.ask(ctx, "a", slow)
				done <- err
			}()
			synctest.Wait()
		}
		if got, err := lists.ask(t.Context(), "b", quick); err != nil || len(got) != 1 {
			t.Errorf("another upload: %v, %v", got, err)
		}
		if got, err := lists.ask(t.Context(), "a", quick); err != nil || len(got) != 1 {
			t.Errorf("the same upload: %v, %v", got, err)
		}
		for range 3 {
			if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		}
	})
}

// Gateways send 201 for 200, and 200 or 202 for 204. What was done is not done again, nor
// reported as a failure. A web page is no such answer.
func TestOtherStatusesOfSuccess(t *testing.T) {
	t.Parallel()
	for op, body := range good {
		statuses := []int{200, 201}
		if op == operation.DeleteFile {
			statuses = []int{200, 202, 204}
		}
		for _, status := range statuses {
			if err := calls(t.Context(), mustClient(t, testKey, respond(status, body)).api)[op](); err != nil {
				t.Errorf("%s with status %d: %v", op, status, err)
			}
		}
		page := respond(200, "<html>log in", "Content-Type", "text/html")
		if err := calls(t.Context(), mustClient(t, testKey, page).api)[op](); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s with a page: %v", op, err)
		}
	}
}
