package bytescale

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPath is the longest path, name or folder, in characters (FilePath,
// FileName and RelativeOrAbsoluteFolderPath in openapi.yaml).
const maxPath = 512

// checkFilePath refuses what cannot be the path of a stored file (FilePath in
// openapi.yaml).
func checkFilePath(field, path string) error {
	if !strings.HasPrefix(path, "/") {
		return refuse(field, "%s does not begin with a slash", quote(path))
	}
	return checkPath(field, path)
}

// checkPath holds what is common to the paths of files and folders.
func checkPath(field, path string) error {
	if err := checkText(field, path, 0, maxPath); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == ".." {
			return refuse(field, `%s contains ".."; it must name the place directly`, quote(path))
		}
	}
	return nil
}

// checkFileName refuses what cannot be a file name (FileName in openapi.yaml).
func checkFileName(field, name string) error {
	if strings.Contains(name, "/") {
		return refuse(field, "%s contains a slash; put folders into WithFolder, or use WithPath", quote(name))
	}
	return checkPath(field, name)
}

// checkText refuses text that is not from least to most characters of UTF-8 on
// one line.
func checkText(field, text string, least, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return refuse(field, "is not valid UTF-8")
	case n < least || n > most:
		return refuse(field, "has %d characters; %d to %d are allowed", n, least, most)
	case strings.ContainsRune(text, '\n'):
		return refuse(field, "contains a line break")
	}
	return nil
}

// quote is text for an error message, cut if it is long.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return strconv.Quote(text)
}

// printable says whether text is visible ASCII, or one of the others allowed.
func printable(text string, others ...byte) bool {
	for i := range len(text) {
		if c := text[i]; (c <= ' ' || c > '~') && bytes.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// plainID says whether id can stand in a URL path as it is. The API's ids are
// base58 (UploadId in openapi.yaml); other letters and digits are let through.
func plainID(id string) bool {
	if id == "" || len(id) > 255 {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	}) < 0
}

var accountIDPattern = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{7}$`)

// rawURL is where the CDN serves a file: {cdn}/{accountId}/raw{filePath}.
func rawURL(cdn *url.URL, accountID, filePath string) (string, error) {
	if err := checkFilePath("filePath", filePath); err != nil {
		return "", err
	}
	for segment := range strings.SplitSeq(filePath, "/") {
		if segment == "." {
			return "", refuse("filePath", `%s has "." as an element, which a URL cannot express`, quote(filePath))
		}
	}
	return cdn.String() + "/" + accountID + "/raw" + escapePath(filePath), nil
}

// escapePath encodes a file path for a CDN URL: as encodeURIComponent of
// ECMAScript does, except that slashes stay and that "!" is encoded, since the
// CDN takes it for the beginning of a query. The escapers of net/url differ in
// space, "+", "&", "=" and others.
func escapePath(path string) string {
	var escaped strings.Builder
	escaped.Grow(len(path))
	for i := range len(path) {
		if c := path[i]; unreserved(c) || c == '/' {
			escaped.WriteByte(c)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", c)
		}
	}
	return escaped.String()
}

func unreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-_.~*'()", c) >= 0
}

// parseBaseURL reads the address of the API or of the CDN.
func parseBaseURL(field, base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		// The text of err repeats the URL, which may hold a password.
		return nil, refuse(field, "is not a URL")
	case u.User != nil:
		return nil, refuse(field, "contains a user name or password; credentials have options of their own")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return nil, refuse(field, "%s is not an absolute http or https URL, such as https://api.example.com", quote(base))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(base, "#"):
		return nil, refuse(field, "has a query or a fragment; only scheme, host, port and path are allowed")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}
