package cdn

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Option is one query parameter of a URL, or [QueryBang]. The functions of this
// package that return an Option check nothing by themselves: the method of
// [Links] that takes the option returns an [*ArgumentError] for a bad value.
//
// An Option is a plain value, which can be kept and used in many URLs. The zero
// Option is nothing: it leaves the URL as it is.
type Option struct {
	kind    kind
	name    string
	text    string
	number  int64 // the value, if numeric
	numeric bool
	wrong   string // why the value is not allowed, or empty
}

// A kind says where an option may stand. The delivery settings have a kind each,
// because the last one of a kind is the one that counts.
type kind uint8

const (
	nothing   kind = iota
	anywhere       // any URL, in the given order
	meta           // the same, with the prefix "meta-" before its name
	transform      // a processor's parameter: in the given order, not on raw files and presets
	bang
	cache
	cacheOnly
	cachePerm
	cacheTTL
	cacheTTL404
	exp
	version
	download
	artifact
	kinds // the number of kinds
)

// processed reports whether an option means something only for transformations.
func (k kind) processed() bool { return k == cacheOnly || k == cachePerm || k == artifact }

// Param is any query parameter, written where it stands among the other
// parameters. It is for parameters that have no function of their own. Names may
// repeat. A float is written as the shortest decimal without an exponent.
//
// The value of a parameter named "a" or "artifact" keeps its slashes; see
// [Artifact] for the usual way to set it.
func Param[V string | int | int64 | float64 | bool](name string, value V) Option {
	opt := Option{kind: anywhere, name: name}
	switch v := any(value).(type) {
	case string:
		opt.text = v
	case int:
		opt.number, opt.numeric = int64(v), true
	case int64:
		opt.number, opt.numeric = v, true
	case bool:
		opt.text = strconv.FormatBool(v)
	case float64:
		opt.text = strconv.FormatFloat(v+0, 'f', -1, 64) // +0: "0" also for minus zero
		if math.IsNaN(v) || math.IsInf(v, 0) {
			opt.wrong = opt.text + " is not a finite number"
		}
	}
	if name == "" {
		opt.name, opt.wrong = "parameter", "the name is empty"
	}
	return opt
}

// Meta is a parameter "meta-NAME" for the caller's own use, such as tracing. Every
// URL may have it, and the CDN ignores it. It is not part of the key of the
// permanent cache, so it costs no second transformation.
func Meta(name, value string) Option {
	opt := Option{kind: meta, name: name, text: value}
	if name == "" {
		opt.name, opt.wrong = "meta", `the name after "meta-" is empty`
	}
	return opt
}

// Path sets the parameter "path": the file that is served in place of the one in
// the URL's path. It exists for encrypted URLs, where it hides the path.
func Path(filePath string) Option {
	return Option{kind: anywhere, name: "path", text: filePath, wrong: wrongPath(filePath)}
}

// Cache decides whether the CDN may keep the answer. The service's default is true.
// False means that a transformation runs again on every request.
func Cache(allowed bool) Option {
	return Option{kind: cache, name: "cache", text: strconv.FormatBool(allowed)}
}

// CacheTTL sets how long browsers and the CDN keep the answer: whole seconds,
// zero or more. The default is the account's setting.
func CacheTTL(ttl time.Duration) Option { return seconds(cacheTTL, "cache-ttl", ttl) }

// CacheTTL404 sets how long the CDN remembers that there is no file: whole
// seconds, zero or more. The default is the account's setting.
func CacheTTL404(ttl time.Duration) Option { return seconds(cacheTTL404, "cache-ttl-404", ttl) }

func seconds(k kind, name string, ttl time.Duration) Option {
	opt := Option{kind: k, name: name, number: int64(ttl / time.Second), numeric: true}
	if ttl < 0 || ttl%time.Second != 0 {
		opt.wrong = ttl.String() + " is not a whole number of seconds from zero up"
	}
	return opt
}

// CacheOnly serves a transformation only if it is in a cache already: otherwise
// the answer is 404 and nothing is processed. The service's default is false.
func CacheOnly(only bool) Option {
	return Option{kind: cacheOnly, name: "cache-only", text: strconv.FormatBool(only)}
}

// What [CachePerm] can be set to.
const (
	PermAuto   = "auto"  // if processing took long (500 ms or more, as the vendor documents it now)
	PermAlways = "true"  // always
	PermNever  = "false" // never; also what Cache(false) means
)

// CachePerm decides whether the result of a transformation is kept in the permanent
// cache: [PermAuto], [PermAlways] or [PermNever]. The default is the account's
// setting.
func CachePerm(mode string) Option {
	opt := Option{kind: cachePerm, name: "cache-perm", text: mode}
	if mode != PermAuto && mode != PermAlways && mode != PermNever {
		opt.wrong = quote(mode) + ` is none of "auto", "true" and "false"`
	}
	return opt
}

// Version makes another cache entry of the same file: any text, usually the etag
// of the file, so that a file that was overwritten is seen at once.
func Version(text string) Option { return Option{kind: version, name: "version", text: text} }

// Download makes browsers save the file instead of showing it
// (Content-Disposition: attachment).
func Download() Option { return Option{kind: download, name: "download", text: "true"} }

// Expires says until when the URL is to be used, to the second. On a URL that is
// not signed it is only advice, because anyone can cut it off; see [Key.Sign].
func Expires(at time.Time) Option {
	opt := Option{kind: exp, name: "exp", number: at.Unix(), numeric: true}
	if at.Unix() <= 0 {
		opt.wrong = "the time lies before 1970; it may never have been set"
	}
	return opt
}

// NeverExpires makes a URL that does not expire ("exp=inf").
func NeverExpires() Option { return Option{kind: exp, name: "exp", text: "inf"} }

// Artifact chooses which output of a transformation is served: a path that
// begins with a slash, such as "/video.m3u8". The service's default is "/". It
// comes last in the URL, as the service demands.
func Artifact(path string) Option {
	return Option{kind: artifact, name: "artifact", text: path, wrong: wrongPath(path)}
}

// QueryBang writes "!" instead of "?" before the query. Relative links in a
// playlist then resolve against [Artifact], which HLS video needs. Such a URL
// cannot be signed.
func QueryBang() Option { return Option{kind: bang} }

// wrongPath returns why a path cannot stand in a URL, or an empty string.
func wrongPath(path string) string {
	switch {
	case !strings.HasPrefix(path, "/"):
		return quote(path) + " does not begin with a slash"
	case !utf8.ValidString(path):
		return "is not valid UTF-8"
	}
	for rest, more := path[1:], true; more; {
		var segment string
		if segment, rest, more = strings.Cut(rest, "/"); segment == "." || segment == ".." {
			return quote(path) + ` has "` + segment + `" as an element, which browsers and proxies rewrite`
		}
	}
	return ""
}
