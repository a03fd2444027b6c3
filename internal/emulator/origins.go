package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
)

// OriginError reports that Options.AllowOrigins has something that is not an
// origin.
type OriginError struct{ Origin string }

func (e *OriginError) Error() string {
	return fmt.Sprintf("%q is not an origin: want a scheme, a host and perhaps a port, such as https://app.example, or null", e.Origin)
}

// webOrigins are the origins of the web pages that may use an emulator: those of
// loopback hosts, and others that are listed.
type webOrigins map[string]bool

// parseOrigins reads a list of origins.
func parseOrigins(list []string) (webOrigins, error) {
	origins := webOrigins{}
	for _, text := range list {
		u, err := url.Parse(text)
		origin := originOf(u)
		if text == "null" {
			origin = text
		} else if err != nil || origin == "" || *u != (url.URL{Scheme: u.Scheme, Host: u.Host}) {
			return nil, &OriginError{text}
		}
		origins[origin] = true
	}
	return origins, nil
}

// originOf returns the origin of a URL in the form in which browsers send it: lower
// case, without the port that the scheme has by default. It is empty if u has none.
func originOf(u *url.URL) string {
	if u == nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return ""
	}
	defaultPort := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), defaultPort)
}

// allow reports whether pages of an origin may use the emulator.
func (o webOrigins) allow(origin string) bool {
	if o[origin] {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && origin != "" && originOf(u) == origin && isLoopbackHost(u.Host)
}

// refuseForeignPages refuses requests of web pages whose origin is not allowed,
// before anything is done for them. Browsers name the origin in Origin, or in
// Referer for images and the like. Sec-Fetch-Site tells a page that hides both from
// a program, which sends none of them.
func refuseForeignPages(next http.Handler, origins webOrigins, log requestLog) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, isPage := pageOf(r)
		if isPage && !origins.allow(origin) {
			refuse(w, r, log, http.StatusForbidden, gen.ErrorInfo{
				Code:    "origin_not_allowed",
				Message: "This emulator serves web pages of loopback origins and of those that --allow-origin names.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// pageOf returns the origin of the web page that sent a request, and whether there
// is one. The origin is empty if the browser does not name it.
func pageOf(r *http.Request) (origin string, isPage bool) {
	if named := r.Header.Values("Origin"); len(named) > 0 {
		return strings.Join(named, " "), true
	}
	if r.Header.Get("Sec-Fetch-Site") != "cross-site" {
		return "", false
	}
	page, err := url.Parse(r.Header.Get("Referer"))
	if err != nil {
		return "", true
	}
	return originOf(page), true
}
