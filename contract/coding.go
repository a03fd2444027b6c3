package contract

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// codingOf reads the Content-Encoding of a message. It reports whether this package knows the coding.
func codingOf(header http.Header) (isGzip, isKnown bool) {
	switch strings.ToLower(strings.Join(header.Values("Content-Encoding"), ",")) {
	case "", "identity":
		return false, true
	case "gzip", "x-gzip":
		return true, true
	}
	return false, false
}

// gunzip decodes a body of at most limit bytes, or returns the violation.
func gunzip(data []byte, limit int64) ([]byte, *Violation) {
	var decoded []byte
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err == nil {
		decoded, err = io.ReadAll(io.LimitReader(r, limit+1))
	}
	if err != nil {
		v := violation("", RuleSyntax, "must be gzip, as its Content-Encoding says")
		return nil, &v
	}
	if int64(len(decoded)) > limit {
		v := tooLarge(limit)
		return nil, &v
	}
	return decoded, nil
}
