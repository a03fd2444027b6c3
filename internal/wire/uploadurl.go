package wire

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// verbatimURL parses a URL whose path and query must be sent unchanged. net/url encodes a
// whole path anew if one byte of it should have been encoded. Such bytes are encoded here,
// so that the rest stays as it is.
func verbatimURL(address string) (*url.URL, error) {
	if !strings.ContainsFunc(address, mustEncode) {
		return url.Parse(address)
	}
	var clean strings.Builder
	for i := range len(address) {
		if c := address[i]; mustEncode(rune(c)) {
			fmt.Fprintf(&clean, "%%%02X", c)
		} else {
			clean.WriteByte(c)
		}
	}
	return url.Parse(clean.String())
}

// mustEncode reports whether a character has to be encoded in a URL.
func mustEncode(c rune) bool {
	switch c {
	case '"', '<', '>', '\\', '^', '`', '{', '|', '}':
		return true
	}
	return c <= ' ' || c > '~'
}

// maxUploadURL is the longest pre-signed URL, in bytes. Many parts wait with theirs, and
// object storage takes no longer one.
const maxUploadURL = 16 << 10

// ParseUploadURL parses the pre-signed URL of a part. Its error does not contain the URL,
// which is a secret.
func ParseUploadURL(address string) (*url.URL, error) {
	if len(address) > maxUploadURL {
		return nil, fmt.Errorf("%w: the upload URL is longer than %d bytes", errs.ErrProtocol, maxUploadURL)
	}
	u, err := verbatimURL(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%w: the upload URL is not an absolute http or https URL", errs.ErrProtocol)
	}
	return u, nil
}
