package emulator

import (
	"fmt"
	"net/url"
	"strings"
)

// PublicURLError reports that Options.PublicURL is not an address of a server.
type PublicURLError struct{ URL string }

func (e *PublicURLError) Error() string {
	return fmt.Sprintf("%q is not the address of a server: want a scheme, a host and perhaps a port, such as https://files.example", e.URL)
}

// parsePublicURL returns an address without a slash at its end, and its host name.
// Both are empty if the text is.
func parsePublicURL(text string) (address, host string, err error) {
	if text == "" {
		return "", "", nil
	}
	address = strings.TrimSuffix(text, "/")
	u, err := url.Parse(address)
	if err != nil || originOf(u) == "" || *u != (url.URL{Scheme: u.Scheme, Host: u.Host}) {
		return "", "", &PublicURLError{text}
	}
	return address, u.Hostname(), nil
}
