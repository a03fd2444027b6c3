package wire

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// verbatimURL reads a URL whose path and query are to be sent as they stand.
// net/url writes a path anew when one byte of it should have been encoded; such
// bytes are encoded here, so that the rest stays.
func verbatimURL(address string) (*url.URL, error) {
	var clean strings.Builder
	clean.Grow(len(address))
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c > '~' || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&clean, "%%%02X", c)
		} else {
			clean.WriteByte(c)
		}
	}
	return url.Parse(clean.String())
}

// ParseUploadURL reads a pre-signed URL that bodies are sent to. Its error is without
// the URL, which is a secret.
func ParseUploadURL(address string) (*url.URL, error) {
	u, err := verbatimURL(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%w: the upload URL is not an absolute http or https URL", errs.ErrProtocol)
	}
	return u, nil
}
