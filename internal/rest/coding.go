package rest

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// decode asks for answers without a content coding. Some gateways compress all the
// same: gzip and deflate are undone, other codings of a successful answer are refused.
// The content of files is refused in any coding, because it would have neither the
// size nor the ranges of the file, and nothing tells whether the file itself is
// compressed.
func (c *Client) decode(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		req.Header.Set("Accept-Encoding", "identity")
		resp, err := next(req, about)
		if err != nil {
			return nil, err
		}
		coding := codingOf(resp.Header)
		open, known := decoders[coding]
		success := resp.StatusCode/100 == 2
		switch {
		case coding == "":
		case success && about.isDownload(), success && !known:
			resp.Body.Close()
			return nil, fmt.Errorf("%w: status %d: the content is encoded as %q, although identity was asked for",
				errs.ErrProtocol, resp.StatusCode, short(coding))
		case known:
			resp.Body = &decodedBody{ReadCloser: resp.Body, open: open}
			resp.ContentLength, resp.Uncompressed = -1, true
			resp.Header = resp.Header.Clone() // that of the transport may serve others
			resp.Header.Del("Content-Length")
			resp.Header.Del("Content-Encoding")
		}
		return resp, nil
	}
}

// codingOf returns the content codings of an answer, without identity, in small letters.
func codingOf(h http.Header) string {
	values := h.Values("Content-Encoding")
	if len(values) == 0 {
		return ""
	}
	var codings []string
	for name := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != "identity" {
			codings = append(codings, name)
		}
	}
	return strings.Join(codings, ", ")
}

// decoders undo content codings.
var decoders = map[string]func(io.Reader) (io.Reader, error){
	"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"x-gzip":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"deflate": inflate,
}

// inflate undoes deflate, which is the format of zlib. Some servers leave out its frame.
func inflate(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(2)
	switch {
	case len(head) == 0:
		return nil, err
	case len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0:
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// decodedBody is a body without its content coding.
type decodedBody struct {
	io.ReadCloser
	open    func(io.Reader) (io.Reader, error)
	decoded io.Reader // nil until something is read
	failed  error     // what the network failed by
}

func (b *decodedBody) Read(p []byte) (n int, err error) {
	if b.decoded == nil {
		b.decoded, err = b.open(encoded{b})
	}
	if err == nil {
		n, err = b.decoded.Read(p)
	}
	switch {
	case err == nil, err == io.EOF:
		return n, err
	case b.failed != nil:
		return n, b.failed
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, err
	}
	return n, fmt.Errorf("%w: the answer is not in the content coding that it names", errs.ErrProtocol)
}

// encoded is the text that a decodedBody decodes.
type encoded struct{ body *decodedBody }

func (e encoded) Read(p []byte) (int, error) {
	n, err := e.body.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		e.body.failed = err
	}
	return n, err
}
