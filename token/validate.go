package token

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ArgumentError is an argument, an option or a claim that was refused.
type ArgumentError struct {
	// Field is what was refused, as the payload of the token or the argument is
	// called: "sub", "access.pathPermissions[0].match.path", "key".
	Field string
	// Reason says what is wrong and what is allowed.
	Reason string
}

// Error returns the field and the reason.
func (e *ArgumentError) Error() string { return e.Field + ": " + e.Reason }

func argumentError(field, format string, args ...any) error {
	return &ArgumentError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// quote returns text for an error, cut to what a reader needs.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(text)
}

// validate returns why no token can be made of the claims. Times and the account
// are complete.
func (c *Claims) validate() error {
	switch {
	case c.Subject == "":
		return argumentError("sub", "is empty; it is the application's name for the user")
	case !utf8.ValidString(c.Subject):
		return argumentError("sub", "is not valid UTF-8")
	case c.APIKeyID != "" && !word(c.APIKeyID):
		return argumentError("apiKeyId", "%s is not the id of an API key, such as F91kfA1g", quote(c.APIKeyID))
	case c.IssuedAt.Unix() < 0:
		return argumentError("iat", "lies before 1970")
	case c.Expires.Unix() <= c.IssuedAt.Unix():
		return argumentError("exp", "does not lie after iat, at least a second")
	}
	for i, origin := range c.AllowedOrigins {
		if err := checkOrigin(fmt.Sprintf("allowedOrigins[%d]", i), origin); err != nil {
			return err
		}
	}
	for i := range c.Grants {
		if err := c.Grants[i].validate(fmt.Sprintf("access.pathPermissions[%d]", i)); err != nil {
			return err
		}
	}
	for i, tag := range c.WriteTags {
		if !tagPattern(tag) {
			return argumentError(fmt.Sprintf("access.tagPermissions.write[%d]", i),
				`%s is not "*" or 1 to 255 of the characters a-z A-Z 0-9 and . , / = _ + -`, quote(tag))
		}
	}
	return nil
}

// checkOrigin refuses what no browser sends as an Origin header: the service would
// compare it in vain.
func checkOrigin(field, origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin || u.Host != strings.ToLower(u.Host) {
		return argumentError(field, "%s is not an origin, such as https://example.com: scheme, host and port in lower case, and no slash at the end", quote(origin))
	}
	return nil
}

func (g *Grant) validate(field string) error {
	switch {
	case !strings.HasPrefix(g.Path, "/"):
		return argumentError(field+".match.path", "%s does not begin with a slash", quote(g.Path))
	case len(g.Path) > 1 && strings.HasSuffix(g.Path, "/"):
		return argumentError(field+".match.path", "%s ends with a slash", quote(g.Path))
	case !utf8.ValidString(g.Path):
		return argumentError(field+".match.path", "is not valid UTF-8")
	case g.Scope != This && g.Scope != Children && g.Scope != Grandchildren:
		return argumentError(field+".match.scope", "%s is none of This, Children and Grandchildren+", quote(string(g.Scope)))
	}
	for segment := range strings.SplitSeq(g.Path, "/") {
		if segment == "." || segment == ".." {
			return argumentError(field+".match.path", "%s has %q as an element", quote(g.Path), segment)
		}
	}
	for i, slug := range g.DownloadFile {
		if !slugPattern(slug) {
			return argumentError(fmt.Sprintf("%s.permissions.read.file.downloadFile[%d]", field, i),
				`%s is not a form of download such as "raw", "image", "thumbnail-*" or "*"`, quote(slug))
		}
	}
	if reflect.DeepEqual(*g, Grant{Path: g.Path, Scope: g.Scope, DownloadFile: g.DownloadFile}) && len(g.DownloadFile) == 0 {
		return argumentError(field+".permissions", "is empty; the grant allows nothing")
	}
	return nil
}

// word reports whether text is 1 to 64 of the characters that ids have.
func word(text string) bool { return len(text) <= 64 && only(text, "_-") }

// tagPattern reports whether text is a tag (FileTagName) or stands for all of them.
func tagPattern(text string) bool { return text == "*" || len(text) <= 255 && only(text, ".,/=_+-") }

// slugPattern reports whether text is a form of URL or the beginning of one with a
// star (TransformationUrlSlugPattern).
func slugPattern(text string) bool {
	return text == "*" || len(text) <= 100 && only(strings.TrimSuffix(text, "*"), "-_.+=@~;%")
}

// only reports whether text is not empty and has only ASCII letters, digits and
// the others.
func only(text, others string) bool {
	for i := range len(text) {
		c := text[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return text != ""
}

// accountID reports whether text is seven base58 characters.
func accountID(text string) bool {
	return len(text) == 7 && strings.Trim(text, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz") == ""
}
