package fake

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/pathvars"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

// accountIDLength is the number of base58 characters of an account id.
const accountIDLength = 7

// caller is the sender of a request and what it may do.
type caller struct {
	account   string
	overwrite bool // may replace files
	destroy   bool // may delete files
	details   bool // may read file details
}

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
// Authorization-Token, and a JWT alone as bearer token. It does not check the
// signature of a JWT. A permission that a JWT grants for one path holds for all.
func (s *Server) authenticate(header http.Header) (caller, error) {
	credential, err := credentialOf(header)
	if err != nil {
		return caller{}, err
	}
	tokens := header.Values("Authorization-Token")
	if claims, ok := parseJWT(credential); ok {
		return s.callerOfJWT(claims, len(tokens) > 0)
	}
	account, ok := AccountOf(credential)
	if !ok || (len(s.options.Keys) > 0 && !slices.Contains(s.options.Keys, credential)) {
		return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
	}
	secret := strings.HasPrefix(credential, "secret_")
	who := caller{account: account, overwrite: secret, destroy: secret, details: secret}
	if len(tokens) == 0 {
		return who, nil
	}
	if len(tokens) > 1 || tokens[0] == "" {
		return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
	}
	// Other values are access tokens of the CDN. They have no claims.
	if claims, ok := parseJWT(tokens[0]); ok {
		if claims.expired() {
			return caller{}, &refusal.Error{Code: refusal.TokenExpired}
		}
		if claims.AccountID != "" && claims.AccountID != account {
			return caller{}, &refusal.Error{Code: refusal.AccountMismatch}
		}
		claims.grant(&who)
	}
	return who, nil
}

// authorize authenticates a call to one account.
func (s *Server) authorize(header http.Header, account string) (caller, error) {
	who, err := s.authenticate(header)
	if err == nil && who.account != account {
		err = &refusal.Error{Code: refusal.AccountMismatch}
	}
	return who, err
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
func (s *Server) callerOfJWT(claims claims, withToken bool) (caller, error) {
	switch {
	case len(s.options.Keys) > 0: // anyone can write an unsigned JWT
		return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
	case withToken, len(claims.AccountID) != accountIDLength, !pathvars.IsBase58(claims.AccountID):
		return caller{}, &refusal.Error{Code: refusal.CredentialsDenied}
	case claims.expired():
		return caller{}, &refusal.Error{Code: refusal.TokenExpired}
	}
	who := caller{account: claims.AccountID}
	claims.grant(&who)
	return who, nil
}

// claims are the parts of a JWT that the fake reads.
type claims struct {
	AccountID string `json:"accountId"`
	Expires   *int64 `json:"exp"`
	Access    struct {
		PathPermissions []struct {
			Permissions struct {
				Read struct {
					File struct {
						GetFileDetails bool `json:"getFileDetails"`
					} `json:"file"`
				} `json:"read"`
				Write struct {
					File struct {
						DeleteFile    bool `json:"deleteFile"`
						OverwriteFile bool `json:"overwriteFile"`
					} `json:"file"`
				} `json:"write"`
			} `json:"permissions"`
		} `json:"pathPermissions"`
	} `json:"access"`
}

// parseJWT reads the payload of a JWT. ok is false if the text is not a JWT.
func parseJWT(token string) (claims, bool) {
	segments := strings.Split(token, ".")
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
	err := json.Unmarshal(payload, &c)
	return c, err == nil
}

func (c *claims) expired() bool {
	return c.Expires != nil && *c.Expires <= time.Now().Unix()
}

// grant adds the permissions of the JWT to those of the caller.
func (c *claims) grant(who *caller) {
	for _, entry := range c.Access.PathPermissions {
		file := entry.Permissions.Write.File
		who.overwrite = who.overwrite || file.OverwriteFile
		who.destroy = who.destroy || file.DeleteFile
		who.details = who.details || entry.Permissions.Read.File.GetFileDetails
	}
}
