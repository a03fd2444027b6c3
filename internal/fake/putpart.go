package fake

import (
	"encoding/xml"
	"errors"
	"net/http"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// storageError is an error answer of object storage, which does not use the error
// body of the API.
type storageError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string   `xml:"Code"`
	Message string   `xml:"Message"`
	status  int
}

var (
	errNoSuchUpload   = &storageError{status: http.StatusNotFound, Code: "NoSuchUpload", Message: "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."}
	errStorageFailed  = &storageError{status: http.StatusInternalServerError, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
	errStorageFull    = &storageError{status: http.StatusInsufficientStorage, Code: "InsufficientStorage", Message: "There is no room for more."}
	errPathTaken      = &storageError{status: http.StatusForbidden, Code: "AccessDenied", Message: "Access Denied"}
	errChunked        = &storageError{status: http.StatusNotImplemented, Code: "NotImplemented", Message: "A header you provided implies functionality that is not implemented."}
	errNoLength       = &storageError{status: http.StatusLengthRequired, Code: "MissingContentLength", Message: "You must provide the Content-Length HTTP header."}
	errTwoCredentials = &storageError{status: http.StatusBadRequest, Code: "InvalidArgument", Message: "Only one auth mechanism allowed"}
	errBodyTooShort   = &storageError{status: http.StatusBadRequest, Code: "IncompleteBody", Message: "You did not provide the number of bytes of this part."}
	errBodyTooLong    = &storageError{status: http.StatusBadRequest, Code: "EntityTooLarge", Message: "Your proposed upload exceeds the size of this part."}
)

// putPart stores the bytes of a part that are sent to its pre-signed URL, as object
// storage does. Large uploads spend their time here, so only the headers are checked.
func (s *Server) putPart(w http.ResponseWriter, r *http.Request, x *exchange) {
	upload, refused := s.checkPut(r, x)
	if refused != nil {
		refused.write(w, r)
		return
	}
	length := upload.PartLength(x.part)
	got, err := s.receive(r.Context(), s.throttled(r, s.options.Bandwidth), length)
	switch {
	case errors.Is(err, errBodyCut):
		panic(http.ErrAbortHandler) // the client has left
	case err != nil:
		s.storageFailure(err).write(w, r)
		return
	}
	if s.options.Discard {
		got.etag = textETag("%s %d", upload.ID, x.part)
	}
	if refused := s.keepPart(&upload, x.part, got); refused != nil {
		refused.write(w, r)
		return
	}
	switch {
	case x.wrongETag:
		w.Header().Set("ETag", `"`+textETag("not %s", got.etag)+`"`)
	case !x.missingETag:
		w.Header().Set("ETag", `"`+got.etag+`"`)
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// checkPut checks a PUT by its headers, before the body is read.
func (s *Server) checkPut(r *http.Request, x *exchange) (store.Upload, *storageError) {
	if len(r.Header["Authorization"])+len(r.Header["Authorization-Token"]) > 0 {
		s.violate(x, "credentials of the API were sent to storage")
		return store.Upload{}, errTwoCredentials
	}
	if refused := s.checkPartURL(r, x); refused != nil {
		return store.Upload{}, refused
	}
	if len(r.TransferEncoding) > 0 {
		s.violate(x, "part %d was sent with chunked encoding", x.part)
		return store.Upload{}, errChunked
	}
	if r.Header.Get("Content-Length") == "" {
		s.violate(x, "part %d was sent without Content-Length", x.part)
		return store.Upload{}, errNoLength
	}
	upload, err := s.findUpload(x.account, x.upload)
	var refused *refusal.Error
	switch {
	case errors.As(err, &refused), err == nil && upload.Done && !upload.Direct, err == nil && x.part >= upload.Parts:
		return store.Upload{}, errNoSuchUpload
	case err != nil:
		return store.Upload{}, s.storageFailure(err)
	}
	switch length := upload.PartLength(x.part); {
	case r.ContentLength < length:
		s.violate(x, "part %d has %d bytes, but %d were sent", x.part, length, r.ContentLength)
		return store.Upload{}, errBodyTooShort
	case r.ContentLength > length:
		s.violate(x, "part %d has %d bytes, but %d were sent", x.part, length, r.ContentLength)
		return store.Upload{}, errBodyTooLong
	}
	return upload, nil
}

// keepPart stores received bytes as a part. The file of a direct upload exists from
// then on.
func (s *Server) keepPart(upload *store.Upload, index int64, got *received) *storageError {
	defer s.uploads.lock(upload.ID)()
	err := s.store.KeepPart(upload.ID, store.Part{Index: index, Size: got.size, ETag: got.etag}, got.Receiver)
	if err == nil && upload.Direct {
		_, err = s.publish(upload)
	}
	var refused *refusal.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotStored):
		return errNoSuchUpload
	case errors.As(err, &refused):
		return errPathTaken
	}
	return s.storageFailure(err)
}

// storageFailure reports an error of the store and returns the answer to it.
func (s *Server) storageFailure(err error) *storageError {
	s.fail(err)
	if store.IsFull(err) {
		return errStorageFull
	}
	return errStorageFailed
}

// write sends the error.
func (e *storageError) write(w http.ResponseWriter, r *http.Request) {
	body, _ := xml.Marshal(e) // plain strings
	w.Header().Set("Content-Type", "application/xml")
	answerEarly(w, r, e.status, append([]byte(xml.Header), body...))
}
