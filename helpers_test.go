package bytescale

import (
	"strings"
	"testing"
)

const (
	signedURL = "https://storage.example.com/bucket/part-0?X-Amz-Signature=" + signature + "&x-id=PutObject"
	signature = "5f4dcc3b5aa765d61d8327deb882cf99"
)

func wantNoSignature(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, signature) {
		t.Errorf("shows the signature: %s", text)
	}
}

// walk visits an error and all that it wraps.
func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch wrapper := err.(type) { //nolint:errorlint // one level of the tree
	case interface{ Unwrap() error }:
		walk(wrapper.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			walk(inner, visit)
		}
	}
}
