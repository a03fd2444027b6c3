package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// signer signs upload URLs, which need no other credential. The signature of a
// part is good for that part of that upload only, until it expires.
type signer struct {
	key []byte
}

func newSigner(key []byte) *signer { return &signer{key: key} }

// sign returns the signature, safe in a URL, that lets its bearer upload one part
// until expires. Expires counts in whole milliseconds.
func (s *signer) sign(accountID, uploadID string, part int64, expires time.Time) string {
	return base64.RawURLEncoding.EncodeToString(s.mac(accountID, uploadID, part, expires))
}

// verify reports whether the signature was made by sign for the same part and
// time, and takes as long to say no as to say yes. Whether the time has passed is
// for the caller to see.
func (s *signer) verify(signature, accountID, uploadID string, part int64, expires time.Time) bool {
	mac, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	return err == nil && hmac.Equal(mac, s.mac(accountID, uploadID, part, expires))
}

func (s *signer) mac(accountID, uploadID string, part int64, expires time.Time) []byte {
	mac := hmac.New(sha256.New, s.key)
	// Quoting keeps the fields apart whatever they contain.
	fmt.Fprintf(mac, "PUT %q %q %d %d", accountID, uploadID, part, expires.UnixMilli())
	return mac.Sum(nil)
}
