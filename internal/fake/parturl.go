package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// partURL returns the pre-signed URL of a part. The URL works without credentials,
// for this part only, until it expires.
func (s *Server) partURL(x *exchange, account, upload string, index int64) string {
	expires := time.Now().Add(s.options.URLLifetime)
	if x.expiredURL {
		expires = time.Now().Add(-time.Second)
	}
	return fmt.Sprintf("%s/storage/%s/%s/%d?expires=%d&signature=%s&x-id=UploadPart",
		x.origin, account, upload, index, expires.UnixMilli(), s.signer.sign(account, upload, index, expires))
}

// checkPartURL verifies the signature and the expiry of a part URL.
func (s *Server) checkPartURL(r *http.Request, x *exchange) *storageError {
	query := r.URL.Query()
	millis, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	expires := time.UnixMilli(millis)
	if err != nil || x.part < 0 || !s.signer.verify(query.Get("signature"), x.account, x.upload, x.part, expires) {
		s.violate(x, "the URL of part %d was not handed out like this", x.part)
		return &storageError{status: http.StatusForbidden, Code: "SignatureDoesNotMatch", Message: "The request signature we calculated does not match the signature you provided."}
	}
	if x.expiredURL || !time.Now().Before(expires) {
		return &storageError{status: http.StatusForbidden, Code: "AccessDenied", Message: "Request has expired"}
	}
	return nil
}

// signer signs part URLs, which need no other credential. A signature is valid for
// one part of one upload until it expires.
type signer struct {
	key []byte
}

func newSigner(key []byte) *signer { return &signer{key: key} }

// sign returns a signature, safe in a URL, that permits to upload one part until
// expires. Expires counts in whole milliseconds.
func (s *signer) sign(accountID, uploadID string, part int64, expires time.Time) string {
	return base64.RawURLEncoding.EncodeToString(s.mac(accountID, uploadID, part, expires))
}

// verify reports whether sign returned the signature for the same part and time. It
// takes the same time for a wrong signature as for a right one. The caller checks
// whether the time has passed.
func (s *signer) verify(signature, accountID, uploadID string, part int64, expires time.Time) bool {
	mac, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	return err == nil && hmac.Equal(mac, s.mac(accountID, uploadID, part, expires))
}

func (s *signer) mac(accountID, uploadID string, part int64, expires time.Time) []byte {
	mac := hmac.New(sha256.New, s.key)
	// Quoting separates the fields, whatever characters they contain.
	fmt.Fprintf(mac, "PUT %q %q %d %d", accountID, uploadID, part, expires.UnixMilli())
	return mac.Sum(nil)
}
