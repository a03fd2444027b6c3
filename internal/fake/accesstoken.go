package fake

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

const (
	// accessTokenPath begins the path at which browsers register a JWT with the CDN.
	accessTokenPath = "/api/v1/access_tokens/"
	// sessionCookie is the cookie that carries the JWT of a session to the CDN.
	sessionCookie = "bytescale-session"
	// maxAccessTokenBody limits the body of a registration, in bytes.
	maxAccessTokenBody = 16 << 10
	// maxCookie is the length of the longest JWT that fits a cookie with its
	// attributes: browsers drop cookies above 4096 bytes without a word.
	maxCookie = 3800
)

// accessToken registers a JWT for the downloads of a browser, or forgets it. The
// answer's access token is the JWT itself: it is checked anew with each request, and
// nothing is kept.
func (s *Server) accessToken(w http.ResponseWriter, r *http.Request, x *exchange) {
	cookie := r.URL.Query().Get("set-cookie") == "true"
	if r.Method == http.MethodDelete {
		if cookie {
			http.SetCookie(w, newSessionCookie(x.origin, x.account, "", -1))
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	jwt, lifetime, err := s.registered(w, r, x.account)
	if err == nil && cookie && len(jwt) > maxCookie {
		err = refusal.Errorf(refusal.RequestTooLarge, "A JWT of %d bytes does not fit a cookie; %d are possible.", len(jwt), maxCookie)
	}
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	seconds := int(lifetime / time.Second)
	if cookie {
		http.SetCookie(w, newSessionCookie(x.origin, x.account, jwt, seconds))
	}
	writeJSON(w, http.StatusOK, map[string]any{"accessToken": jwt, "ttlSeconds": seconds})
}

// registered returns the JWT in the body of a registration and how long it works.
func (s *Server) registered(w http.ResponseWriter, r *http.Request, account string) (jwt string, lifetime time.Duration, err error) {
	var body struct {
		AccessToken string `json:"accessToken"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAccessTokenBody)).Decode(&body); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return "", 0, &refusal.Error{Code: refusal.RequestTooLarge}
		}
		return "", 0, refusal.Errorf(refusal.InvalidRequest, `The body must be JSON with the member "accessToken".`)
	}
	claims, ok, err := s.claimsOf(body.AccessToken, r.Header)
	switch {
	case err != nil:
		return "", 0, err
	case !ok || claims.Expires == nil:
		return "", 0, &refusal.Error{Code: refusal.CredentialsDenied}
	case claims.AccountID != account:
		return "", 0, &refusal.Error{Code: refusal.AccountMismatch}
	}
	// At least a second: the SDK takes zero for a broken answer.
	return body.AccessToken, max(time.Until(time.Unix(*claims.Expires, 0)), time.Second), nil
}

// newSessionCookie returns the cookie of a session of one account. Pages of other
// sites need SameSite=None, which browsers take only together with Secure, and that
// only over TLS and on this machine.
func newSessionCookie(origin, account, value string, maxAge int) *http.Cookie {
	cookie := &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/" + account + "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if isTrustworthy(origin) {
		cookie.Secure, cookie.SameSite = true, http.SameSiteNoneMode
	}
	return cookie
}

// isTrustworthy reports whether browsers take pages of an origin for secure ones.
func isTrustworthy(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || err == nil && address.IsLoopback()
}
