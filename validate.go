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

// maxPath is the maximum length of a path, name or folder, in characters (FilePath, FileName
// and RelativeOrAbsoluteFolderPath in openapi.yaml).
const maxPath = 512

// checkFilePath checks the path of a stored file (FilePath in openapi.yaml).
func checkFilePath(field, path string) error {
	if !strings.HasPrefix(path, "/") {
		return argumentError(field, "%s does not begin with a slash", quote(path))
	}
	return checkPath(field, path)
}

// checkFolderPath checks the path of a folder (FolderPath in openapi.yaml). For the service, a
// path that ends with a slash is that of another folder, whose name is empty.
func checkFolderPath(field, path string) error {
	if err := checkFilePath(field, path); err != nil {
		return err
	}
	if strings.HasSuffix(path, "/") && path != "/" {
		return argumentError(field, "%s ends with a slash", quote(path))
	}
	return nil
}

// checkPath checks what the paths of files and folders have in common.
func checkPath(field, path string) error {
	if err := checkText(field, path, 0, maxPath); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == ".." {
			return argumentError(field, `%s contains ".."; it must name the place directly`, quote(path))
		}
	}
	return nil
}

// checkFileName checks a file name (FileName in openapi.yaml).
func checkFileName(field, name string) error {
	if strings.Contains(name, "/") {
		return argumentError(field, "%s contains a slash; put folders into WithFolder, or use WithPath", quote(name))
	}
	return checkPath(field, name)
}

// checkText checks that text is one line of UTF-8 with least to most characters.
func checkText(field, text string, least, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return argumentError(field, "is not valid UTF-8")
	case n < least || n > most:
		return argumentError(field, "has %d characters; %d to %d are allowed", n, least, most)
	case strings.ContainsRune(text, '\n'):
		return argumentError(field, "contains a line break")
	}
	return nil
}

// quote returns text in quotes for an error message, shortened if it is long.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return strconv.Quote(text)
}

// printable reports whether text consists of visible ASCII characters and of others.
func printable(text string, others ...byte) bool {
	for i := range len(text) {
		if c := text[i]; (c <= ' ' || c > '~') && bytes.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// plainID reports whether id can stand in the path of a URL unchanged. The ids of the API are
// base58 (UploadId in openapi.yaml); other letters and digits are accepted too.
func plainID(id string) bool {
	if id == "" || len(id) > 255 {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	}) < 0
}

var accountIDPattern = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{7}$`)

// parseBaseURL parses the address of the API or of the CDN.
func parseBaseURL(field, base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		// The text of err repeats the URL, which may contain a password.
		return nil, argumentError(field, "is not a URL")
	case u.User != nil:
		return nil, argumentError(field, "contains a user name or password; credentials have options of their own")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return nil, argumentError(field, "%s is not an absolute http or https URL, such as https://api.example.com", quote(base))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(base, "#"):
		return nil, argumentError(field, "has a query or a fragment; only scheme, host, port and path are allowed")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}
