package rest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

func compress(t *testing.T, text string, writer func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var coded bytes.Buffer
	w := writer(&coded)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return coded.String()
}

func TestContentCodings(t *testing.T) {
	const text = `{"a":1}`
	zipped := compress(t, text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	framed := compress(t, text, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	bare := compress(t, text, func(w io.Writer) io.WriteCloser {
		deflater, _ := flate.NewWriter(w, 6)
		return deflater
	})
	failed := errors.New("the network failed")
	for _, test := range []struct {
		name, coding, body string
		status             int
		fail               error // after the body
		want               string
		err                error
		file               error // if the answer is that of a download; nil for err
	}{
		{"none", "", text, 200, nil, text, nil, nil},
		{"identity", "Identity", text, 200, nil, text, nil, nil},
		{"gzip", "gzip", zipped, 200, nil, text, nil, errs.ErrProtocol},
		{"in capitals, with identity", "identity, GZIP", zipped, 200, nil, text, nil, errs.ErrProtocol},
		{"by its old name", "x-gzip", zipped, 200, nil, text, nil, errs.ErrProtocol},
		{"deflate", "deflate", framed, 200, nil, text, nil, errs.ErrProtocol},
		{"deflate without a frame", "deflate", bare, 200, nil, text, nil, errs.ErrProtocol},
		{"another", "br", "x", 200, nil, "", errs.ErrProtocol, nil},
		{"two", "gzip, gzip", zipped, 200, nil, "", errs.ErrProtocol, nil},
		{"of an error", "gzip", zipped, 403, nil, text, nil, nil},
		{"another of an error", "br", "x", 403, nil, "x", nil, nil},
		{"of nothing", "gzip", "", 403, nil, "", nil, nil},
		{"of a redirect", "gzip", zipped, 302, nil, text, nil, nil},
		{"a lie", "gzip", text + text, 403, nil, "", errs.ErrProtocol, nil},
		{"broken", "gzip", zipped[:15] + "xxx" + zipped[18:], 403, nil, "", errs.ErrProtocol, nil},
		{"cut off", "gzip", zipped[:len(zipped)-3], 403, nil, text, io.ErrUnexpectedEOF, nil},
		{"cut off in the head", "gzip", zipped[:5], 403, nil, "", io.ErrUnexpectedEOF, nil},
		{"a network that fails", "gzip", zipped[:12], 403, failed, "", failed, nil},
		{"a network that fails in the head", "gzip", zipped[:5], 403, failed, "", failed, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked http.Header
			shared := http.Header{"Content-Encoding": {test.coding}, "Content-Length": {"5"}}
			each(t, func(req *http.Request) *http.Response {
				asked = req.Header
				body := io.Reader(strings.NewReader(test.body))
				if test.fail != nil {
					body = io.MultiReader(body, failing{test.fail})
				}
				return &http.Response{StatusCode: test.status, Header: shared, ContentLength: 5, Body: io.NopCloser(body)}
			}, func(t *testing.T, send func(context.Context) (*http.Response, error)) {
				want := test.err
				if strings.HasSuffix(t.Name(), "CDN") && test.file != nil {
					want = test.file
				}
				resp, err := send(t.Context())
				var content []byte
				if err == nil {
					content, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				if !errors.Is(err, want) || want == nil && string(content) != test.want {
					t.Errorf("read %q, error %v; want %q, %v", content, err, test.want, want)
				}
				if want != nil && want == errs.ErrProtocol && test.status == 200 && !strings.Contains(err.Error(), "encoded as") {
					t.Errorf("%v does not tell the reason", err)
				}
				if asked.Get("Accept-Encoding") != "identity" {
					t.Errorf("asked for %v", asked)
				}
				if len(shared) != 2 {
					t.Errorf("the transport's own header was changed: %v", shared)
				}
			})
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
