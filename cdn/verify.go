package cdn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Why [Verify] refuses a URL, for use with [errors.Is].
var (
	// ErrNotSigned means that the URL has no "sig" parameter.
	ErrNotSigned = errors.New("the URL is not signed")
	// ErrMalformedSignature means that "sig" or "exp" is not in the documented form:
	// another version, padded or standard base64, a second "sig" or "exp", something
	// after "sig".
	ErrMalformedSignature = errors.New("malformed signature")
	// ErrUnknownKey means that the URL is signed with a key that was not given.
	ErrUnknownKey = errors.New("the URL is signed with an unknown key")
	// ErrWrongSignature means that the URL is not the one that was signed.
	ErrWrongSignature = errors.New("the signature does not match the URL")
	// ErrNoExpiry means that the URL is signed and has no "exp" parameter, which
	// every signed URL needs.
	ErrNoExpiry = errors.New("the signed URL has no expiry")
	// ErrExpired means that the URL was signed and is no longer valid.
	ErrExpired = errors.New("the signed URL has expired")
)

// Verify checks a signed URL as the CDN does, with the keys of the account, at the
// time now. It returns the id of the API key that signed it; whether that key may
// read the file is for the caller to decide. The URL is absolute and exactly as
// it was requested; on a server that is scheme + "://" + r.Host + r.RequestURI.
//
// Every error is one of [ErrNotSigned], [ErrMalformedSignature], [ErrUnknownKey],
// [ErrWrongSignature], [ErrNoExpiry] and [ErrExpired]. None repeats the URL. The
// signature is compared in constant time, and before the expiry is looked at.
func Verify(rawURL string, now time.Time, keys ...Key) (keyID string, err error) {
	_, text, found := strings.Cut(rawURL, "://")
	if !found {
		return "", fmt.Errorf("%w: it is not absolute", ErrNotSigned)
	}
	signed, signature, err := cutSignature(text)
	if err != nil {
		return "", err
	}
	id, mac, err := parseSignature(signature)
	if err != nil {
		return "", err
	}
	expected, err := macOf(id, signed, keys)
	if err != nil {
		return "", err
	}
	if !hmac.Equal(mac, expected) {
		return "", ErrWrongSignature
	}
	if err := checkExpiry(signed, now); err != nil {
		return "", err
	}
	return id, nil
}

// cutSignature splits a URL before its last parameter, which must be its only
// signature.
func cutSignature(text string) (signed, signature string, err error) {
	_, query, _ := strings.Cut(text, "?")
	signatures, last := 0, ""
	for pair := range strings.SplitSeq(query, "&") {
		if nameOf(pair) == "sig" {
			signatures++
		}
		last = pair
	}
	value, literal := strings.CutPrefix(last, "sig=")
	switch {
	case signatures == 0:
		return "", "", ErrNotSigned
	case signatures > 1:
		return "", "", fmt.Errorf(`%w: "sig" stands there %d times`, ErrMalformedSignature, signatures)
	case !literal:
		return "", "", fmt.Errorf(`%w: "sig" is not the last parameter`, ErrMalformedSignature)
	}
	return text[:len(text)-len(last)-1], value, nil
}

// parseSignature splits 1.ID.MAC.
func parseSignature(signature string) (id string, mac []byte, err error) {
	pieces := strings.Split(signature, ".")
	switch {
	case len(pieces) != 3:
		return "", nil, fmt.Errorf("%w: %d pieces instead of 3", ErrMalformedSignature, len(pieces))
	case pieces[0] != signatureVersion:
		return "", nil, fmt.Errorf("%w: the version is not %s", ErrMalformedSignature, signatureVersion)
	}
	mac, err = base64.RawURLEncoding.Strict().DecodeString(pieces[2])
	// The length is compared too, because the decoder skips line breaks.
	if err != nil || len(mac) != sha256.Size || len(pieces[2]) != base64.RawURLEncoding.EncodedLen(sha256.Size) {
		return "", nil, fmt.Errorf("%w: the MAC is not %d bytes in unpadded base64url", ErrMalformedSignature, sha256.Size)
	}
	return pieces[1], mac, nil
}

// macOf returns the MAC that the key with this id makes of the text.
func macOf(id, text string, keys []Key) ([]byte, error) {
	for _, key := range keys {
		if key.id == id && key.mac != nil {
			return key.mac(text), nil
		}
	}
	return nil, ErrUnknownKey
}

// millis is where expiries begin that count milliseconds and not seconds. As
// seconds it is the year 5138, as milliseconds 1973.
const millis = 100_000_000_000

func checkExpiry(signed string, now time.Time) error {
	expiries, value := 0, ""
	_, query, _ := strings.Cut(signed, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if nameOf(pair) == "exp" {
			expiries++
			_, value, _ = strings.Cut(pair, "=")
		}
	}
	switch {
	case expiries == 0:
		return ErrNoExpiry
	case expiries > 1:
		return fmt.Errorf(`%w: "exp" stands there %d times`, ErrMalformedSignature, expiries)
	case value == "inf":
		return nil
	}
	number, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return fmt.Errorf(`%w: "exp" is neither a time nor "inf"`, ErrMalformedSignature)
	}
	expires := time.Unix(int64(number), 0)
	if number >= millis {
		expires = time.UnixMilli(int64(number))
	}
	if !now.Before(expires) {
		return ErrExpired
	}
	return nil
}
