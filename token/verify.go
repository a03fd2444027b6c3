package token

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Why [Verify] refuses a token, for use with [errors.Is].
var (
	// ErrMalformed means that the text is not a token in the form that the service
	// demands: three parts of unpadded base64url, the algorithm RS256, and a payload
	// with exp, iat and sub.
	ErrMalformed = errors.New("malformed token")
	// ErrWrongSignature means that none of the keys has signed the token.
	ErrWrongSignature = errors.New("the signature of the token does not match")
	// ErrExpired means that the token was valid and is no longer.
	ErrExpired = errors.New("the token has expired")
)

// Verify checks the form, the signature and the expiry of a token at the time now,
// and returns what it says. The keys are the public keys of the account; one of
// them must match. What the claims allow is for the caller to decide.
//
// Every error is one of [ErrMalformed], [ErrWrongSignature] and [ErrExpired]. None
// repeats the token.
func Verify(token string, now time.Time, keys ...*rsa.PublicKey) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, fmt.Errorf("%w: %d parts instead of 3", ErrMalformed, len(parts))
	}
	if err := checkHeader(parts[0]); err != nil {
		return Claims{}, err
	}
	payload, err := decode(parts[1])
	if err != nil {
		return Claims{}, fmt.Errorf("%w: the payload %w", ErrMalformed, err)
	}
	signature, err := decode(parts[2])
	if err != nil {
		return Claims{}, fmt.Errorf("%w: the signature %w", ErrMalformed, err)
	}
	if !signedBy(keys, parts[0]+"."+parts[1], signature) {
		return Claims{}, ErrWrongSignature
	}
	var claims Claims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return Claims{}, fmt.Errorf("%w: the payload: %w", ErrMalformed, err)
	}
	if !now.Before(claims.Expires) {
		return Claims{}, ErrExpired
	}
	return claims, nil
}

// checkHeader refuses every algorithm but RS256, above all "none" and those with
// a shared secret, for which a public key is no secret.
func checkHeader(part string) error {
	text, err := decode(part)
	if err != nil {
		return fmt.Errorf("%w: the header %w", ErrMalformed, err)
	}
	var header struct {
		Algorithm string          `json:"alg"`
		Critical  json.RawMessage `json:"crit"`
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return fmt.Errorf("%w: the header is not JSON", ErrMalformed)
	}
	if header.Algorithm != "RS256" {
		return fmt.Errorf("%w: the algorithm is %s, not RS256", ErrMalformed, quote(header.Algorithm))
	}
	if header.Critical != nil { // RFC 7515 4.1.11: who does not know an extension refuses it
		return fmt.Errorf("%w: the header has critical extensions", ErrMalformed)
	}
	return nil
}

// decode reads one part of a token.
func decode(part string) ([]byte, error) {
	if part == "" {
		return nil, errors.New("is empty")
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") { // the decoder skips line breaks
		return nil, errors.New("is not unpadded base64url")
	}
	return decoded, nil
}

func signedBy(keys []*rsa.PublicKey, text string, signature []byte) bool {
	digest := sha256.Sum256([]byte(text))
	for _, key := range keys {
		if key != nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil {
			return true
		}
	}
	return false
}
