package cdn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Key is the Secure URL Key of an API key. It signs URLs of private files. Neither
// fmt nor log/slog nor an encoder shows its bytes, and no error holds them. Make
// one with [NewKey]; the zero Key signs nothing.
type Key struct {
	id string
	// mac returns the MAC of a text. The key is in a closure because printers that
	// walk structs by reflection show a function as an address.
	mac func(text string) []byte
}

// minKey is the shortest key in bytes. The vendor does not publish a length; keys
// of fewer bytes are taken for a mistake in copying.
const minKey = 16

// NewKey makes a Key of what the dashboard shows for an API key: its id, such as
// "BMCyGyFk", and its Secure URL Key, in standard base64. The id is not secret,
// because it stands in every signed URL. A malformed argument is an
// [*ArgumentError], which does not repeat the key.
func NewKey(apiKeyID, secureURLKey string) (Key, error) {
	for i := range len(apiKeyID) {
		if c := apiKeyID[i]; c == '.' || c == '\'' || !unreserved(c) {
			return Key{}, argumentError("apiKeyID", "%s is not the id of an API key, such as BMCyGyFk", quote(apiKeyID))
		}
	}
	if n := len(apiKeyID); n < 1 || n > 64 {
		return Key{}, argumentError("apiKeyID", "has %d characters; 1 to 64 are allowed", n)
	}
	if strings.ContainsAny(secureURLKey, " \t\r\n") { // the decoder would skip line breaks
		return Key{}, argumentError("secureURLKey", "contains white space")
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(secureURLKey)
	switch {
	case err != nil: // the text of err tells nothing that helps
		return Key{}, argumentError("secureURLKey", "is not standard base64")
	case len(secret) < minKey:
		return Key{}, argumentError("secureURLKey", "has %d bytes; at least %d are needed", len(secret), minKey)
	}
	return Key{id: apiKeyID, mac: func(text string) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(text))
		return h.Sum(nil)
	}}, nil
}

// ID returns the id of the API key.
func (k Key) ID() string { return k.id }

// Format prints the id of the key, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.label()) }

// LogValue logs the id of the key.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.label()) }

// MarshalText encodes the id of the key, so that JSON holds nothing else.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.label()), nil }

func (k Key) label() string { return "cdn.Key(" + k.id + ")" }

// Sign returns rawURL with its expiry and signature appended ("exp" and "sig").
// The holder of the result can read the file until expires, which is cut to whole
// seconds. The API key must be allowed to read the file when the URL is used.
//
// The signature covers every byte after the scheme, so the URL must be used
// exactly as it is returned: Sign percent-encodes the characters ' ( and ) for
// this reason, because html/template and browsers would. Parameters cannot be
// added afterwards.
//
// Every new expiry makes another URL, which no cache has. A page that is shown
// often should round it up, so that all views within an hour have the same URL:
// time.Now().Truncate(time.Hour).Add(2 * time.Hour).
//
// An [*ArgumentError] is returned for a URL that is not absolute or not
// percent-encoded, that has "exp", "sig", "enc" or a fragment already, that was made
// with [QueryBang], or that becomes longer than the CDN accepts ([ErrTooLong]);
// and for a time before 1970. Whether expires lies in the future is not checked.
func (k Key) Sign(rawURL string, expires time.Time) (string, error) {
	opt := Expires(expires)
	if opt.wrong != "" {
		return "", &ArgumentError{Field: "expires", Reason: opt.wrong}
	}
	return k.sign(rawURL, strconv.FormatInt(opt.number, 10))
}

// SignForever is [Key.Sign] without an end ("exp=inf"). The URL works until the
// API key is deleted or loses its permission.
func (k Key) SignForever(rawURL string) (string, error) { return k.sign(rawURL, "inf") }

func (k Key) sign(rawURL, expires string) (string, error) {
	if k.mac == nil {
		return "", argumentError("key", "is the zero Key; make one with NewKey")
	}
	if err := checkSignable(rawURL); err != nil {
		return "", err
	}
	delimiter := "?"
	if strings.Contains(rawURL, "?") {
		delimiter = "&"
	}
	signed := keepAsWritten.Replace(rawURL) + delimiter + "exp=" + expires
	_, text, _ := strings.Cut(signed, "://")
	signed += "&sig=" + k.signature(text)
	if n := len(signed) - hostEnd(signed); n > maxLength {
		return "", tooLong(n)
	}
	return signed, nil
}

const signatureVersion = "1"

// signature returns the value of "sig" for a URL without its scheme.
func (k Key) signature(text string) string {
	return signatureVersion + "." + k.id + "." + base64.RawURLEncoding.EncodeToString(k.mac(text))
}

// keepAsWritten encodes what encodeURIComponent leaves and others do not:
// html/template encodes all three, browsers encode ' in a query.
var keepAsWritten = strings.NewReplacer("'", "%27", "(", "%28", ")", "%29")

// checkSignable refuses a URL that would not arrive as it was signed. Its errors do
// not repeat the URL, whose query may be a secret.
func checkSignable(rawURL string) error {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return argumentError("url", "is not an absolute http or https URL")
	case u.User != nil:
		return argumentError("url", "contains a user name or password, which is not sent as part of a URL")
	case u.Host != strings.ToLower(u.Host), u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		return argumentError("url", "must have its host in lower case and no default port, because browsers send it so")
	case u.Fragment != "" || strings.HasSuffix(rawURL, "#"):
		return argumentError("url", "has a fragment, which is not sent")
	case !sentAsWritten(rawURL):
		return argumentError("url", "has characters that must be percent-encoded; the methods of Links encode them")
	}
	path, query, hasQuery := strings.Cut(rawURL[hostEnd(rawURL):], "?")
	switch {
	case strings.Contains(path, "!"):
		return argumentError("url", `has "!" in its path, which the CDN takes for the beginning of the query; such a URL cannot be signed`)
	case hasQuery && query == "":
		return argumentError("url", "has an empty query")
	case wrongPath(u.Path) != "":
		return argumentError("url", "path: %s", wrongPath(u.Path))
	}
	for pair := range strings.SplitSeq(query, "&") {
		if name := nameOf(pair); name == "exp" || name == "sig" || name == "enc" {
			return argumentError("url", "has the parameter %q already", name)
		}
	}
	return nil
}

// nameOf returns the decoded name of a query parameter.
func nameOf(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if decoded, err := url.QueryUnescape(name); err == nil {
		return decoded
	}
	return name
}

// sentAsWritten reports whether a URL has only characters that RFC 3986 allows, and
// percent signs that begin an encoded byte, so that nobody on the way encodes it
// again.
func sentAsWritten(rawURL string) bool {
	for i := range len(rawURL) {
		switch c := rawURL[i]; {
		case c == '%':
			if i+2 >= len(rawURL) || !hexDigit(rawURL[i+1]) || !hexDigit(rawURL[i+2]) {
				return false
			}
		case !unreserved(c) && strings.IndexByte("!$&+,;=:@/?[]", c) < 0:
			return false
		}
	}
	return true
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
