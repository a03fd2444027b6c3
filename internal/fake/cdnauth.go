package fake

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

// authorizeDownload returns the sender of a request for a file. In addition to the
// forms of the API, the URL may be signed, and the cookie of a session may hold a JWT. A
// request without any of them is anonymous, which is refused if all files are private.
func (s *Server) authorizeDownload(r *http.Request, x *exchange) (who caller, err error) {
	signed, err := s.checkURL(r, x)
	switch {
	case err != nil:
		return caller{}, err
	case len(r.Header["Authorization"]) > 0, s.options.PrivateFiles:
		who, err = s.authorize(r.Header, x.account)
	default:
		who, err = s.callerOfCookie(r, x.account)
	}
	if who.account == "" {
		who.account = x.account
	}
	who.signedURL = signed
	return who, err
}

// callerOfCookie returns the caller of the JWT in the session's cookie, an anonymous
// one if there is no such cookie or if it is one of another account.
func (s *Server) callerOfCookie(r *http.Request, account string) (caller, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return caller{}, nil //nolint:nilerr // there is none
	}
	claims, ok, err := s.claimsOf(cookie.Value, r.Header)
	if err != nil || !ok || claims.AccountID != account {
		return caller{}, err
	}
	return caller{account: account, grants: claims.granted.Grants}, nil
}

// checkURL reports whether the URL of a request is signed. A wrong signature is an
// error, also for a public file, and so is a signature that has expired.
func (s *Server) checkURL(r *http.Request, x *exchange) (signed bool, err error) {
	if len(s.options.URLKeys) == 0 {
		return false, nil
	}
	address := r.RequestURI
	if strings.HasPrefix(address, "/") {
		address = x.origin + address
	}
	_, err = cdn.Verify(address, time.Now(), s.options.URLKeys...)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, cdn.ErrNotSigned):
		return false, nil
	case errors.Is(err, cdn.ErrExpired):
		return false, &refusal.Error{Code: refusal.URLExpired}
	}
	return false, refusal.Errorf(refusal.URLSignature, "The URL is refused: %v.", err)
}
