package bytescale

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/download"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

func TestDownload(t *testing.T) {
	const content = "hello, world"
	var got *http.Request
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("ETag", `"abc"`)
		w.Header().Set("Content-Type", "text/plain")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	})
	for _, test := range []struct {
		name             string
		opts             []DownloadOption
		header           string
		want             string
		offset, fileSize int64
	}{
		{"whole", nil, "", content, 0, 12},
		{"a range", []DownloadOption{WithRange(7, 3)}, "bytes=7-9", "wor", 7, 12},
		{"one byte", []DownloadOption{WithRange(0, 1)}, "bytes=0-0", "h", 0, 12},
		{"to the end", []DownloadOption{WithRange(7, -1)}, "bytes=7-", "world", 7, 12},
		{"beyond the end", []DownloadOption{WithRange(7, 100)}, "bytes=7-106", "world", 7, 12},
		{"all of it as a range", []DownloadOption{WithRange(0, 12)}, "bytes=0-11", content, 0, 12},
		{"with a nil option", []DownloadOption{nil}, "", content, 0, 12},
	} {
		t.Run(test.name, func(t *testing.T) {
			download, err := c.Download(t.Context(), "/uploads/a b!.txt", test.opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer download.Close()
			body, err := io.ReadAll(download)
			if err != nil || string(body) != test.want {
				t.Errorf("read %q (%v), want %q", body, err, test.want)
			}
			if download.Size != int64(len(test.want)) || download.Offset != test.offset || download.FileSize != test.fileSize {
				t.Errorf("size %d, offset %d, file size %d", download.Size, download.Offset, download.FileSize)
			}
			if download.ContentType != "text/plain" || download.ETag != `"abc"` {
				t.Errorf("type %q, etag %q", download.ContentType, download.ETag)
			}
			if want := "/A623uY2/raw/uploads/a%20b%21.txt"; got.RequestURI != want {
				t.Errorf("asked for %s, want %s", got.RequestURI, want)
			}
			if got.Header.Get("Range") != test.header || got.Header.Get("Accept-Encoding") != "identity" || got.Header.Get("Authorization") != "" {
				t.Errorf("headers %v", got.Header)
			}
		})
	}
	_, err := c.Download(t.Context(), "/a", WithRange(12, 1))
	wantAPIError(t, err, operation.DownloadFile, 416)
}

func TestDownloadAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		ranged bool
		status int
		header []string
		body   string
		ok     bool
	}{
		{"the whole file for a range", true, 200, nil, "hello", false},
		{"a range for the whole file", false, 206, []string{"Content-Range", "bytes 0-4/5"}, "hello", false},
		{"a status that means nothing here", false, 204, nil, "", false},
		{"the range", true, 206, []string{"Content-Range", "bytes 2-3/5"}, "ll", true},
		{"the range of a file of unknown size", true, 206, []string{"Content-Range", "bytes 2-3/*"}, "ll", true},
		{"a shorter range", true, 206, []string{"Content-Range", "bytes 2-2/3"}, "l", true},
		{"no Content-Range", true, 206, nil, "ll", false},
		{"another range", true, 206, []string{"Content-Range", "bytes 1-2/5"}, "el", false},
		{"a longer range", true, 206, []string{"Content-Range", "bytes 2-4/5"}, "llo", false},
		{"a length that does not fit", true, 206, []string{"Content-Range", "bytes 2-3/5"}, "l", false},
		{"a range backwards", true, 206, []string{"Content-Range", "bytes 2-1/5"}, "", false},
		{"a range outside the file", true, 206, []string{"Content-Range", "bytes 2-3/3"}, "ll", false},
		{"several ranges", true, 206, []string{"Content-Type", "multipart/byteranges"}, "ll", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opened, closed := 0, 0
				c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
					opened++
					resp := answer(req, test.status, test.body, test.header...)
					resp.Body = &closer{resp.Body, func() { closed++ }}
					return resp, nil
				}))
				var opts []DownloadOption
				if test.ranged {
					opts = append(opts, WithRange(2, 2))
				}
				body, err := c.Download(t.Context(), "/a", opts...)
				if test.ok {
					if err != nil {
						t.Fatal(err)
					}
					if content, err := io.ReadAll(body); err != nil || string(content) != test.body {
						t.Errorf("read %q (%v)", content, err)
					}
					body.Close()
				} else if !errors.Is(err, ErrProtocol) {
					t.Errorf("error %v, want ErrProtocol", err)
				}
				if closed != opened {
					t.Errorf("%d of %d bodies closed", closed, opened)
				}
			})
		})
	}
}

// TestDownloadRetries lets the CDN fail in transient ways until it answers.
func TestDownloadRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
			switch requests++; requests {
			case 1:
				return nil, io.ErrUnexpectedEOF
			case 2:
				return answer(req, 503, "", "Retry-After", "7"), nil
			case 3:
				<-req.Context().Done() // no answer at all
				return nil, context.Cause(req.Context())
			}
			return answer(req, 200, "hello"), nil
		}))
		began := time.Now()
		opened, err := c.Download(t.Context(), "/a")
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); requests != 4 || took < 7*time.Second+download.MaxIdle {
			t.Errorf("%d requests in %v", requests, took)
		}
		time.Sleep(time.Hour) // the reader takes its time
		if content, err := io.ReadAll(opened); err != nil || string(content) != "hello" {
			t.Errorf("read %q (%v)", content, err)
		}
		opened.Close()

		requests = 0
		notFound := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
			requests++
			return answer(req, 404, ""), nil
		}))
		if _, err := notFound.Download(t.Context(), "/a"); !errors.Is(err, ErrNotFound) || requests != 1 {
			t.Errorf("error %v after %d requests", err, requests)
		}
	})
}

// A download ends if the CDN stops in the middle.
func TestDownloadSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
			resp := answer(req, 200, "")
			resp.ContentLength = 100
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("hello"), hang(req.Context().Done())))
			return resp, nil
		}))
		body, err := c.Download(t.Context(), "/a")
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		began := time.Now()
		content, err := io.ReadAll(body)
		if string(content) != "hello" || !errors.Is(err, ErrStalled) || time.Since(began) != download.MaxIdle {
			t.Errorf("read %q, error %v after %v", content, err, time.Since(began))
		}
	})
}

func TestDownloadEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
			resp := answer(req, 200, "")
			resp.Body = io.NopCloser(hang(req.Context().Done()))
			return resp, nil
		}))
		ctx, cancel := context.WithCancel(t.Context())
		download, err := c.Download(ctx, "/a")
		if err != nil {
			t.Fatal(err)
		}
		defer download.Close()
		cancel()
		if _, err := download.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestDownloadCutShort(t *testing.T) {
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "hello")
	})
	download, err := c.Download(t.Context(), "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer download.Close()
	if content, err := io.ReadAll(download); string(content) != "hello" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %q, error %v: a cut must not look like the end", content, err)
	}
}

// TestDownloadRedirects follows the CDN on its own origin, with the credentials,
// and nowhere else.
func TestDownloadRedirects(t *testing.T) {
	var paths []string
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		if r.Header.Get("Authorization") != "Bearer "+testKey || r.Header.Get("Range") != "bytes=1-" {
			t.Errorf("%s without credentials or range", r.URL.Path)
		}
		switch r.URL.Path {
		case "/A623uY2/raw/moved":
			http.Redirect(w, r, "/A623uY2/raw/there", http.StatusFound)
		case "/A623uY2/raw/loop":
			http.Redirect(w, r, "/A623uY2/raw/loop", http.StatusFound)
		default:
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader("hello"))
		}
	})
	download, err := c.Download(t.Context(), "/moved", WithCDNAuth(), WithRange(1, -1))
	if err != nil {
		t.Fatal(err)
	}
	defer download.Close()
	if content, _ := io.ReadAll(download); string(content) != "ello" || len(paths) != 2 {
		t.Errorf("read %q from %v", content, paths)
	}
	paths = nil
	_, err = c.Download(t.Context(), "/loop", WithCDNAuth(), WithRange(1, -1))
	wantAPIError(t, err, operation.DownloadFile, http.StatusFound)
	if len(paths) != 5+1 {
		t.Errorf("%d requests", len(paths))
	}
}

func TestDownloadRefreshesTheToken(t *testing.T) {
	asked, sent := 0, 0
	c := mustClient(t, testKey,
		WithJWT(func(context.Context) (string, error) { asked++; return "token-" + string(rune('0'+asked)), nil }),
		withTransport(func(req *http.Request) (*http.Response, error) {
			sent++
			if req.Header.Get("Authorization-Token") != "token-2" {
				return answer(req, 401, ""), nil
			}
			return answer(req, 200, "hello"), nil
		}))
	download, err := c.Download(t.Context(), "/a", WithCDNAuth())
	if err != nil || asked != 2 || sent != 2 {
		t.Fatalf("%v, asked %d times, %d requests", err, asked, sent)
	}
	download.Close()

	_, err = c.Download(t.Context(), "/a") // without credentials a 401 is final
	wantAPIError(t, err, operation.DownloadFile, 401)
	if asked != 2 {
		t.Error("the source was asked for a download without credentials")
	}
}

// net/http does not check the length of chunked answers.
func TestDownloadIsAsLongAsItSays(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, contentRange string
		sent               int
		want               error
	}{
		{"whole", "bytes 0-99/1000", 100, nil},
		{"the end of the file", "bytes 0-49/50", 50, nil},
		{"ends early", "bytes 0-99/1000", 50, io.ErrUnexpectedEOF},
		{"too long", "bytes 0-99/1000", 500, ErrProtocol},
		{"less than was asked for", "bytes 0-49/1000", 50, ErrProtocol},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Range", row.contentRange)
				w.WriteHeader(http.StatusPartialContent)
				w.(http.Flusher).Flush() // chunked from here on
				_, _ = w.Write(make([]byte, row.sent))
			}))
			defer server.Close()
			ctx, once := oneAttempt(t)
			c := mustClient(t, testKey, WithCDNURL(server.URL), once)
			defer c.CloseIdleConnections()
			download, err := c.Download(ctx, "/a", WithRange(0, 100))
			if err == nil {
				defer download.Close()
				_, err = io.ReadAll(download)
			}
			if !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
		})
	}
}

// An answer that ends where its connection does may be cut off anywhere: it is refused.
// One in chunks is not.
func TestDownloadOfUnknownLength(t *testing.T) {
	for _, test := range []struct {
		name, answer, want string
		err                error
	}{
		{"neither length nor chunks", "HTTP/1.1 200 OK\r\n\r\nhalf a f", "", ErrProtocol},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhalf a f", "", ErrProtocol},
		{"neither, and an encoding", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhalf a f", "", ErrProtocol},
		{"HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfile", "file", nil},
		{"a length, cut off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfile", "file", io.ErrUnexpectedEOF},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfile\r\n0\r\n\r\n", "file", nil},
		{"chunks until the end", "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfile\r\n0\r\n\r\n", "file", nil},
		{"chunks, cut off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfile\r\n", "file", io.ErrUnexpectedEOF},
		{"no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, once := oneAttempt(t)
			c := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(conn, test.answer)
				conn.Close()
			}, once)
			download, err := c.Download(ctx, "/a")
			var content []byte
			if err == nil {
				defer download.Close()
				content, err = io.ReadAll(download)
			}
			if !errors.Is(err, test.err) || string(content) != test.want {
				t.Errorf("read %q, error %v; want %q, %v", content, err, test.want, test.err)
			}
		})
	}
}

// oneAttempt returns a context that ends when the client retries, and the option that ends it.
func oneAttempt(t *testing.T) (context.Context, ClientOption) {
	ctx, cancel := context.WithCancel(t.Context())
	return ctx, WithObserver(func(e Event) {
		if e.Kind == EventRetry {
			cancel()
		}
	})
}
