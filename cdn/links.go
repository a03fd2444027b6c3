package cdn

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DefaultURL is the address of the CDN.
const DefaultURL = "https://upcdn.io"

// maxLength is the length of the longest URL that the CDN accepts, in bytes,
// scheme and host not counted.
const maxLength = 1000

// Links builds the URLs of one account's files. It is a plain value: copy it, keep
// it in a variable, use it from many goroutines.
//
// Every method takes the path of a file, such as FileDetails.FilePath of package
// bytescale, and returns its URL. It does not know whether the file exists. An
// [*ArgumentError] is returned for what the CDN cannot serve: a path that does
// not begin with a slash, has "." or ".." as an element or is not valid UTF-8; a
// bad value of an option; and a URL of more than 1000 bytes after the host
// ([ErrTooLong]). If a delivery setting is given twice, the last one counts.
//
// The methods return a string and an error, so that html/template can call them:
//
//	<img src="{{.Links.Image .Photo (width 400)}}">
type Links struct {
	// AccountID is the account that owns the files: seven base58 characters, such
	// as "A623uY2". It is required.
	AccountID string
	// CDNURL is the address of the CDN: scheme, host and, if need be, port and path
	// prefix. The default is [DefaultURL]; another one is for an emulator or a proxy.
	CDNURL string
	// JavaScript makes the URLs that the UrlBuilder class of the vendor's JavaScript
	// SDK makes, byte for byte: delivery settings have underscores in their names
	// ("cache_ttl") and another order. The default is the documented names
	// ("cache-ttl"). Set it if a page builds the same URLs with that class, because
	// the CDN keeps one cache entry for each spelling of a URL.
	JavaScript bool
}

// Raw returns the URL of the original file. Transformation options are refused.
func (l Links) Raw(path string, options ...Option) (string, error) {
	return l.build("raw", rawFile, path, options)
}

// Image returns the URL of an image that is made from the file: resized,
// converted, with text on it.
func (l Links) Image(path string, options ...Option) (string, error) {
	return l.build("image", processor, path, options)
}

// Video returns the URL of a video that is made from the file. The answer is 404,
// with the job as JSON, until processing has ended.
func (l Links) Video(path string, options ...Option) (string, error) {
	return l.build("video", processor, path, options)
}

// Audio returns the URL of audio that is made from the file. The answer is 404,
// with the job as JSON, until processing has ended.
func (l Links) Audio(path string, options ...Option) (string, error) {
	return l.build("audio", processor, path, options)
}

// Archive returns the URL of the archive processor, which lists or extracts the
// files in an archive: Param("m", "extract") and [Artifact].
func (l Links) Archive(path string, options ...Option) (string, error) {
	return l.build("archive", processor, path, options)
}

// Antivirus returns the URL of the file's virus scan, a JSON document. The answer
// is 404, with the job as JSON, until the scan has ended.
func (l Links) Antivirus(path string, options ...Option) (string, error) {
	return l.build("antivirus", processor, path, options)
}

// Preset returns the URL of a transformation that was given a name in the
// dashboard. The name has 1 to 100 of the characters a-z A-Z 0-9 and - _ . + = @
// ~ ; %, the first of which is no dot; "raw" and "save" are not names of presets.
// The preset has its own transformation parameters: [Width] and the like are
// refused.
func (l Links) Preset(name, path string, options ...Option) (string, error) {
	if err := checkPreset(name); err != nil {
		return "", err
	}
	if l.JavaScript && strings.Contains(name, "%") {
		return "", argumentError("preset", "%s contains %%, which UrlBuilder does not escape", quote(name))
	}
	return l.build(name, preset, path, options)
}

// A form is what a URL asks for, which decides what options it may have.
type form uint8

const (
	rawFile form = iota
	processor
	preset
)

func (l Links) build(slug string, f form, path string, options []Option) (string, error) {
	base, err := l.base()
	if err != nil {
		return "", err
	}
	if err := l.checkAccount(); err != nil {
		return "", err
	}
	if reason := wrongPath(path); reason != "" {
		return "", &ArgumentError{Field: "path", Reason: reason}
	}
	for i := range options {
		if err := options[i].check(f); err != nil {
			return "", err
		}
	}
	buf := make([]byte, 0, 512) // on the stack: the string is the only allocation
	buf = append(append(buf, base...), '/')
	buf = append(append(buf, l.AccountID...), '/')
	if l.JavaScript {
		buf = append(buf, slug...)
	} else {
		buf = component.appendTo(buf, slug)
	}
	buf = pathEscaper.appendTo(buf, path)
	buf = l.appendQuery(buf, options)
	if n := len(buf) - hostEnd(base); n > maxLength {
		return "", tooLong(n)
	}
	return string(buf), nil
}

// settings are the names of the delivery settings in the order in which they are
// written.
type setting struct {
	kind kind
	name string
}

var (
	// documented is the order in which the vendor's FileApi class writes them.
	documented = []setting{
		{cache, "cache"}, {cacheOnly, "cache-only"}, {cachePerm, "cache-perm"}, {cacheTTL, "cache-ttl"},
		{cacheTTL404, "cache-ttl-404"}, {exp, "exp"}, {version, "version"}, {download, "download"}, {artifact, "artifact"},
	}
	// javaScript is that of the UrlBuilder class, which knows no exp.
	javaScript = []setting{
		{cache, "cache"}, {cacheTTL, "cache_ttl"}, {cacheTTL404, "cache_ttl_404"}, {exp, "exp"}, {version, "version"},
		{download, "download"}, {cacheOnly, "cache_only"}, {cachePerm, "cache_perm"}, {artifact, "artifact"},
	}
)

// appendQuery appends the parameters in their given order and the delivery
// settings in theirs.
func (l Links) appendQuery(buf []byte, options []Option) []byte {
	var last [kinds]*Option // the last option of each kind
	delimiter := byte('?')
	for i := range options {
		last[options[i].kind] = &options[i]
	}
	if last[bang] != nil {
		delimiter = '!'
	}
	for i := range options {
		if opt := &options[i]; opt.kind == anywhere || opt.kind == transform || opt.kind == meta {
			buf = opt.appendTo(buf, delimiter, opt.name)
			delimiter = '&'
		}
	}
	order := documented
	if l.JavaScript {
		order = javaScript
	}
	for _, s := range order {
		if opt := last[s.kind]; opt != nil {
			buf = opt.appendTo(buf, delimiter, s.name)
			delimiter = '&'
		}
	}
	return buf
}

// appendTo appends the option as a query parameter.
func (o *Option) appendTo(buf []byte, delimiter byte, name string) []byte {
	buf = append(buf, delimiter)
	if o.kind == meta {
		buf = append(buf, "meta-"...)
	}
	buf = append(component.appendTo(buf, name), '=')
	switch {
	case o.numeric:
		return strconv.AppendInt(buf, o.number, 10)
	case o.kind != meta && (name == "a" || name == "artifact"):
		return artifactEscaper.appendTo(buf, o.text)
	}
	return component.appendTo(buf, o.text)
}

// check returns why a URL of form f cannot have the option.
func (o *Option) check(f form) error {
	switch {
	case o.wrong != "":
		return &ArgumentError{Field: o.name, Reason: o.wrong}
	case !utf8.ValidString(o.name):
		return argumentError("parameter", "the name %s is not valid UTF-8", quote(o.name))
	case !utf8.ValidString(o.text):
		return argumentError(o.name, "is not valid UTF-8")
	case f == rawFile && (o.kind == transform || o.kind.processed()):
		return argumentError(o.name, "means nothing for the original file; it is for Image, Video and the other transformations")
	case f == preset && o.kind == transform:
		return argumentError(o.name, "is refused, because a preset has its own transformation parameters")
	}
	return nil
}

// base returns the checked address of the CDN, without a slash at its end.
func (l Links) base() (string, error) {
	if l.CDNURL == "" {
		return DefaultURL, nil
	}
	u, err := url.Parse(l.CDNURL)
	switch {
	case err != nil: // the text of err repeats the URL, which may hold a password
		return "", argumentError("CDNURL", "is not a URL")
	case u.User != nil:
		return "", argumentError("CDNURL", "contains a user name or password")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return "", argumentError("CDNURL", "%s is not an absolute http or https URL, such as %s", quote(l.CDNURL), DefaultURL)
	case strings.ContainsAny(l.CDNURL, "?#!"):
		return "", argumentError("CDNURL", "has a query or a fragment; only scheme, host, port and path are allowed")
	case !sentAsWritten(l.CDNURL):
		return "", argumentError("CDNURL", "has characters that must be percent-encoded")
	}
	return strings.TrimRight(l.CDNURL, "/"), nil
}

// hostEnd returns where the host ends in a URL that has one.
func hostEnd(address string) int {
	start := strings.Index(address, "://") + len("://")
	if n := strings.IndexByte(address[start:], '/'); n >= 0 {
		return start + n
	}
	return len(address)
}

func (l Links) checkAccount() error {
	if len(l.AccountID) != 7 {
		return argumentError("AccountID", "%s is not seven base58 characters", quote(l.AccountID))
	}
	for i := range len(l.AccountID) {
		if strings.IndexByte("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", l.AccountID[i]) < 0 {
			return argumentError("AccountID", "%s is not seven base58 characters", quote(l.AccountID))
		}
	}
	return nil
}

func checkPreset(name string) error {
	if name == "raw" || name == "save" {
		return argumentError("preset", "%q is a form of URL, not the name of a preset", name)
	}
	valid := len(name) >= 1 && len(name) <= 100 && name[0] != '.'
	for i := range len(name) {
		c := name[i]
		valid = valid && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.+=@~;%", c) >= 0)
	}
	if !valid {
		return argumentError("preset", "%s is not 1 to 100 of the characters a-z A-Z 0-9 - _ . + = @ ~ ; %%, the first of which is no dot", quote(name))
	}
	return nil
}

func tooLong(n int) error {
	return &ArgumentError{
		Field:  "url",
		Reason: "has " + strconv.Itoa(n) + " bytes after the host; 1000 are allowed. ProcessFileAndSave takes longer parameters in its body",
		kind:   ErrTooLong,
	}
}
