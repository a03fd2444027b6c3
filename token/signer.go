package token

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// defaultLifetime is how long a token works if nothing else is said.
	defaultLifetime = time.Hour
	// minLifetime leaves the browser SDK room to refresh: it warns below 30 s.
	minLifetime = time.Minute
	// minKeyBits is the least that RFC 7518 allows for RS256.
	minKeyBits = 2048
)

// header is the first part of every token: {"alg":"RS256","typ":"JWT"}.
var header = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`))

// Signer makes tokens for one account with one RSA key. It is safe for concurrent
// use if its key is, as keys of crypto/rsa are. Printing it does not show the key.
type Signer struct {
	account  string
	lifetime time.Duration
	public   *rsa.PublicKey
	// sign is a closure because printers that walk structs by reflection show a
	// function as an address.
	sign func(digest []byte) ([]byte, error)
}

// Option configures a [Signer]; see [NewSigner].
type Option func(*Signer) error

// WithLifetime sets how long a token works if its claims do not set Expires, from
// one minute up. The default is one hour. A page fetches a new token 20 seconds
// before the end of the old one, so a short lifetime costs requests; until its
// end, a token cannot be taken back.
func WithLifetime(lifetime time.Duration) Option {
	return func(s *Signer) error {
		if lifetime < minLifetime {
			return argumentError("lifetime", "%v is less than %v", lifetime, minLifetime)
		}
		s.lifetime = lifetime
		return nil
	}
}

// NewSigner returns a signer for an account, seven base58 characters such as
// "A623uY2". The key is a *rsa.PrivateKey, see [ParsePrivateKey], or stands for a
// key in a key management service. It must be an RSA key of at least 2048 bits and
// sign by RSASSA-PKCS1-v1_5 with SHA-256. Its public key must be registered in
// the account's dashboard. A refused argument is an [*ArgumentError].
func NewSigner(account string, key crypto.Signer, opts ...Option) (*Signer, error) {
	if !accountID(account) {
		return nil, argumentError("accountId", "%s is not seven base58 characters", quote(account))
	}
	if key == nil {
		return nil, argumentError("key", "is nil")
	}
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, argumentError("key", "is a %T, not an RSA key", key.Public())
	}
	if err := checkSize(public); err != nil {
		return nil, err
	}
	s := &Signer{account: account, lifetime: defaultLifetime, public: public, sign: func(digest []byte) ([]byte, error) {
		return key.Sign(rand.Reader, digest, crypto.SHA256)
	}}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func checkSize(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minKeyBits {
		return argumentError("key", "has %d bits; RS256 needs %d or more", bits, minKeyBits)
	}
	return nil
}

// Sign returns a token with these claims, signed by RS256. It fills in AccountID,
// IssuedAt and Expires if they are empty. A claim that makes no sense is an
// [*ArgumentError]; an error of the key is returned as it is, wrapped.
//
// The signature is checked before the token is returned, because a key service
// may be set to another algorithm, and a page notices a bad token by nothing but
// failing downloads.
func (s *Signer) Sign(claims Claims) (string, error) {
	if err := s.complete(&claims); err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return s.compact(header, payload)
}

// complete fills in what the claims leave open, and checks them.
func (s *Signer) complete(claims *Claims) error {
	if claims.AccountID == "" {
		claims.AccountID = s.account
	}
	if claims.AccountID != s.account {
		return argumentError("accountId", "%s is not the account of the signer, %s", quote(claims.AccountID), s.account)
	}
	if claims.IssuedAt.IsZero() {
		claims.IssuedAt = time.Now()
	}
	if claims.Expires.IsZero() {
		claims.Expires = claims.IssuedAt.Add(s.lifetime)
	}
	return claims.validate()
}

// compact is the compact serialization of RFC 7515.
func (s *Signer) compact(header string, payload []byte) (string, error) {
	text := header + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(text))
	signature, err := s.sign(digest[:])
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	if rsa.VerifyPKCS1v15(s.public, crypto.SHA256, digest[:], signature) != nil {
		return "", argumentError("key", "does not sign by RSASSA-PKCS1-v1_5 with SHA-256, which RS256 is")
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Source returns a function for WithJWT of package bytescale. Each call makes a
// new token of the claims: the client keeps it until the service refuses it, which
// is when it has expired, and then asks for the next one. A program that calls the
// function itself should keep the token too, because a signature costs some
// milliseconds of the processor, or a call of the key service.
//
// If claims.Expires is set, no token outlives that time, and the function returns
// an error after it.
func (s *Signer) Source(claims Claims) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		return s.Sign(claims)
	}
}
