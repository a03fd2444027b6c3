package fake

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/pathvars"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/token"
)

// accountIDLength is the number of base58 characters of an account id.
const accountIDLength = 7

// AccountOf returns the account that an API key belongs to. ok is false if the key
// is not well-formed.
func AccountOf(key string) (string, bool) {
	if key == "free" || key == "demo" {
		return "W142hJk", true
	}
	kind, rest, ok := strings.Cut(key, "_")
	if !ok || (kind != "public" && kind != "secret") || len(rest) < accountIDLength {
		return "", false
	}
	account := rest[:accountIDLength]
	return account, pathvars.IsBase58(account)
}

// authenticate returns the sender of a request. All documented forms are known: an
// API key as bearer token or basic password, with or without a JWT in
// Authorization-Token, and a JWT alone as bearer token.
func (s *Server) authenticate(header http.Header) (caller, error) {
	credential, err := credentialOf(header)
	if err != nil {
		return caller{}, err
	}
	tokens := header.Values("Authorization-Token")
	if isJWT(credential) {
		if len(tokens) > 0 {
			return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
		}
		return s.callerOfJWT(credential, header)
	}
	account, ok := AccountOf(credential)
	if !ok || (len(s.options.Keys) > 0 && !slices.Contains(s.options.Keys, credential)) {
		return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
	}
	who := caller{account: account, key: true, secret: strings.HasPrefix(credential, "secret_")}
	if len(tokens) == 0 {
		return who, nil
	}
	if len(tokens) > 1 || tokens[0] == "" {
		return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
	}
	return s.addToken(who, tokens[0], header)
}

// addToken adds the permissions of a JWT that was sent beside an API key. The access
// token of the CDN is the JWT itself. Other values have no claims.
func (s *Server) addToken(who caller, jwt string, header http.Header) (caller, error) {
	claims, ok, err := s.claimsOf(jwt, header)
	switch {
	case err != nil:
		return caller{}, err
	case !ok:
		return who, nil
	case claims.AccountID != "" && claims.AccountID != who.account:
		return caller{}, &refusal.Error{Code: refusal.AccountMismatch}
	}
	who.grants = claims.granted.Grants
	return who, nil
}

// authorize authenticates a call to one account.
func (s *Server) authorize(header http.Header, account string) (caller, error) {
	who, err := s.authenticate(header)
	if err == nil && who.account != account && isAccount(account) { // otherwise the path is refused
		err = &refusal.Error{Code: refusal.AccountMismatch}
	}
	return who, err
}

func isAccount(text string) bool {
	return len(text) == accountIDLength && pathvars.IsBase58(text)
}

// credentialOf returns the key or JWT in the Authorization header.
func credentialOf(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return "", &refusal.Error{Code: refusal.CredentialsMissing}
	}
	scheme, value, _ := strings.Cut(values[0], " ")
	switch {
	case strings.EqualFold(scheme, "Bearer") && value != "":
		return value, nil
	case strings.EqualFold(scheme, "Basic"):
		decoded, err := base64.StdEncoding.DecodeString(value)
		user, key, ok := strings.Cut(string(decoded), ":")
		if err != nil || !ok || user != "apikey" {
			return "", &refusal.Error{Code: refusal.CredentialsDenied}
		}
		return key, nil
	}
	return "", &refusal.Error{Code: refusal.CredentialsMissing}
}

// callerOfJWT returns the caller of a JWT without an API key.
func (s *Server) callerOfJWT(jwt string, header http.Header) (caller, error) {
	claims, ok, err := s.claimsOf(jwt, header)
	switch {
	case err != nil:
		return caller{}, err
	case !ok, !isAccount(claims.AccountID):
		return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
	}
	return caller{account: claims.AccountID, grants: claims.granted.Grants, tags: claims.granted.WriteTags}, nil
}

// claimsOf returns the claims of a JWT. ok is false if the text is not a JWT, or if
// its claims do not count: once the accepted keys are listed, they count only if one
// of the JWT keys has signed them, because anyone can write a JWT and a public key is
// no secret. An expired JWT is an error, and so is one that the page of another origin
// sent than it allows.
func (s *Server) claimsOf(jwt string, header http.Header) (c claims, ok bool, err error) {
	if c, ok = parseJWT(jwt); !ok {
		return claims{}, false, nil
	}
	if len(s.options.Keys)+len(s.options.JWTKeys) > 0 {
		_, err := token.Verify(jwt, time.Now(), s.options.JWTKeys...)
		if err != nil && !errors.Is(err, token.ErrExpired) {
			return claims{}, false, nil
		}
	}
	if c.expired() {
		return claims{}, false, &refusal.Error{Code: refusal.TokenExpired}
	}
	// Only browsers send an origin, and not for images and the like.
	origin, allowed := header.Get("Origin"), c.granted.AllowedOrigins
	if origin != "" && len(allowed) > 0 && !slices.Contains(allowed, origin) {
		return claims{}, false, &refusal.Error{Code: refusal.TokenOrigin}
	}
	return c, true, nil
}

// claims are the parts of a JWT that the fake reads.
type claims struct {
	AccountID string `json:"accountId"`
	Expires   *int64 `json:"exp"`

	granted token.Claims // empty unless the payload has all that is required
}

// isJWT reports whether a text has the form of a JWT.
func isJWT(text string) bool {
	_, ok := parseJWT(text)
	return ok
}

// parseJWT reads the payload of a JWT. ok is false if the text is not a JWT.
func parseJWT(text string) (_ claims, ok bool) {
	segments := strings.Split(text, ".")
	if len(segments) != 3 || slices.Contains(segments, "") {
		return claims{}, false
	}
	var payload []byte
	for i, segment := range segments {
		decoded, err := base64.RawURLEncoding.DecodeString(segment)
		if err != nil {
			return claims{}, false
		}
		if i == 1 {
			payload = decoded
		}
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, false
	}
	var complete token.Claims
	if json.Unmarshal(payload, &complete) == nil {
		c.granted = complete
	}
	return c, true
}

func (c *claims) expired() bool {
	return c.Expires != nil && *c.Expires <= time.Now().Unix()
}
