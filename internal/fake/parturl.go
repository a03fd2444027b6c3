package fake

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// partURL makes the pre-signed URL of a part: it works without credentials,
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
