package bytescale

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/transfer"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// apiService is the service over HTTP. It makes the calls of the generated client, one
// attempt each, and checks their answers.
type apiService struct {
	client *Client
	calls  gen.ClientInterface
	lists  partLists
}

// begun is what the service answered to the begin of an upload.
type begun struct {
	uploadID string
	file     gen.FileDetails // to come, or the one being replaced
	count    int64           // of the parts
	first    transfer.Part
}

func (s *apiService) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (*begun, error) {
	answer := &gen.BeginMultipartUploadResponse{
		File:        gen.FileDetails{Size: missing},
		UploadParts: gen.MultipartUploadParts{First: missingPart()},
	}
	resp, err := s.calls.BeginMultipartUpload(ctx, s.client.accountID, request)
	if err := s.client.decode(operation.BeginMultipartUpload, resp, err, answer); err != nil {
		return nil, err
	}
	first, wrong := s.part(answer.UploadParts.First)
	wrong = cmp.Or(checkDetails(answer.File), wrong)
	if wrong == "" && (answer.UploadID == "" || answer.UploadParts.Count < 1 || s.client.rest.HoldsKey(answer.UploadID)) {
		wrong = "upload id or number of parts"
	}
	if wrong != "" {
		return nil, answerError(operation.BeginMultipartUpload, wrong)
	}
	return &begun{answer.UploadID, answer.File, answer.UploadParts.Count, first}, nil
}

func (s *apiService) GetPart(ctx context.Context, uploadID string, index int64) (transfer.Part, error) {
	if err := checkPartArguments(uploadID, index); err != nil {
		return transfer.Part{}, err
	}
	answer := missingPart()
	resp, err := s.calls.GetUploadPart(ctx, s.client.accountID, uploadID, index)
	if err := s.client.decode(operation.GetUploadPart, resp, err, &answer); err != nil {
		return transfer.Part{}, err
	}
	part, wrong := s.part(answer)
	return part, answerError(operation.GetUploadPart, wrong)
}

func (s *apiService) ListParts(ctx context.Context, uploadID string) ([]int64, error) {
	if err := checkPartArguments(uploadID, 0); err != nil {
		return nil, err
	}
	return s.lists.ask(ctx, uploadID, s.listParts)
}

func (s *apiService) listParts(ctx context.Context, uploadID string) ([]int64, error) {
	resp, err := s.calls.ListUploadParts(ctx, s.client.accountID, uploadID)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := s.client.checkOK(operation.ListUploadParts, resp); err != nil {
		return nil, err
	}
	remaining, err := s.client.rest.ReadIntegers(operation.ListUploadParts, resp, "remainingUploadParts")
	if err != nil {
		return nil, err
	}
	if remaining == nil {
		// A missing list is not the empty one, which means that all parts are complete.
		return nil, rest.ProtocolError(operation.ListUploadParts, http.StatusOK, "it has no list of parts")
	}
	return remaining, nil
}

func (s *apiService) CompletePart(ctx context.Context, uploadID string, index int64, etag string) (transfer.Completion, error) {
	if err := checkPartArguments(uploadID, index); err != nil {
		return transfer.Completion{}, err
	}
	// Both forms of the answer have a status, and one also has an etag, so this type fits
	// both. The generated union would decode the answer three times.
	var answer gen.CompleteMultipartUploadResponseCompleted
	resp, err := s.calls.CompleteUploadPart(ctx, s.client.accountID, uploadID, index, gen.CompleteUploadPartRequest{ETag: etag})
	if err := s.client.decode(operation.CompleteUploadPart, resp, err, &answer); err != nil {
		return transfer.Completion{}, err
	}
	switch {
	case string(answer.Status) == string(gen.CompleteMultipartUploadResponsePendingStatusPending):
		return transfer.Completion{}, nil
	case answer.Status != gen.CompleteMultipartUploadResponseCompletedStatusCompleted:
		return transfer.Completion{}, rest.ProtocolError(operation.CompleteUploadPart, http.StatusOK, "the status is neither Completed nor Pending")
	case !validETag(answer.ETag):
		return transfer.Completion{}, rest.ProtocolError(operation.CompleteUploadPart, http.StatusOK, "completed without a usable etag")
	}
	return transfer.Completion{Completed: true, ETag: answer.ETag}, nil
}

// store stores a file by one request (BasicUpload). The answer may have no etag, as those of
// UploadFromURL before April 2024.
func (s *apiService) store(ctx context.Context, filePath, mime string, size int64, body func() (io.ReadCloser, error)) (StoredFile, error) {
	var answer gen.BasicUploadResponse
	resp, err := s.calls.BasicUploadWithBody(ctx, s.client.accountID, &gen.BasicUploadParams{FilePath: &filePath}, mime, nil,
		func(_ context.Context, req *http.Request) (err error) {
			req.GetBody, req.ContentLength = body, size
			req.Body, err = body()
			return err
		})
	if err := s.client.decode(operation.BasicUpload, resp, err, &answer); err != nil {
		return StoredFile{}, err
	}
	stored := StoredFile(answer)
	return stored, answerError(operation.BasicUpload, checkStored(stored))
}

func (s *apiService) details(ctx context.Context, filePath string) (*FileDetails, error) {
	answer := gen.FileDetails{Size: missing}
	resp, err := s.calls.GetFileDetails(ctx, s.client.accountID, &gen.GetFileDetailsParams{FilePath: filePath})
	err = s.client.decode(operation.GetFileDetails, resp, err, &answer)
	if err == nil {
		err = answerError(operation.GetFileDetails, checkDetails(answer))
	}
	if err != nil {
		return nil, err
	}
	details := newFileDetails(answer)
	return &details, nil
}

// Stat returns the details of a file in the engine's type.
func (s *apiService) Stat(ctx context.Context, filePath string) (transfer.File, error) {
	found, err := s.details(ctx, filePath)
	if err != nil {
		return transfer.File{}, err
	}
	return transfer.File{Path: found.FilePath, Size: found.Size, ETag: found.ETag, Modified: found.LastModified}, nil
}

func (s *apiService) delete(ctx context.Context, filePath string) error {
	resp, err := s.calls.DeleteFile(ctx, s.client.accountID, &gen.DeleteFileParams{FilePath: filePath})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return s.client.checkNoContent(operation.DeleteFile, resp)
}

// PutPart sends a part to storage. The request carries no credentials, because the URL is
// its permission. The URL is a secret. See UploadPart in openapi.yaml.
func (s *apiService) PutPart(ctx context.Context, to *url.URL, size int64, body func() (io.ReadCloser, error)) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "", http.NoBody)
	if err != nil {
		return "", err
	}
	address := *to // which a transport may change
	req.URL, req.Host = &address, address.Host
	if size > 0 {
		if req.Body, err = body(); err != nil {
			return "", err
		}
		req.GetBody = body
		req.ContentLength = size
	}
	resp, err := s.client.rest.Put(req)
	if err != nil {
		return "", fmt.Errorf("%s: %w", operation.PutPart, err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return "", s.client.apiError(operation.PutPart, resp)
	}
	rest.Discard(resp)
	etag := resp.Header.Get("ETag")
	if !validETag(etag) {
		return "", fmt.Errorf("%s: status %d: %w", operation.PutPart, resp.StatusCode, errs.ErrMissingETag)
	}
	return etag, nil
}

func missingPart() gen.UploadPart {
	return gen.UploadPart{
		UploadPartIndex: missing,
		Range:           gen.UploadPartRange{InclusiveStart: missing, InclusiveEnd: missing},
	}
}

// part returns a part that the API sent in the engine's type, or what is missing in it, or not
// allowed. The engine, which knows the file, checks the rest.
func (s *apiService) part(p gen.UploadPart) (_ transfer.Part, wrong string) {
	target, err := wire.ParseUploadURL(p.UploadURL)
	switch {
	case p.UploadID == "":
		wrong = "upload id of the part"
	case p.UploadPartIndex == missing:
		wrong = "index of the part"
	case err != nil:
		wrong = "URL of the part"
	case !s.client.rest.MayPutTo(target):
		wrong = "URL of the part, which must be https as the API's is,"
	case p.Range.InclusiveStart == missing, p.Range.InclusiveEnd == missing:
		wrong = "range of the part"
	}
	if wrong != "" {
		return transfer.Part{}, wrong
	}
	return transfer.Part{
		UploadID: p.UploadID,
		Index:    p.UploadPartIndex,
		Start:    p.Range.InclusiveStart,
		End:      p.Range.InclusiveEnd,
		URL:      target,
	}, ""
}

// checkPartArguments refuses ids that would lead a request to another address. The generated
// client escapes ids, but lets "" and ".." pass.
func checkPartArguments(uploadID string, index int64) error {
	switch {
	case !plainID(uploadID):
		return argumentError("uploadId", "%s is not an upload id", quote(uploadID))
	case index < 0:
		return argumentError("uploadPartIndex", "%d is negative", index)
	}
	return nil
}

// validETag reports whether an etag is valid (ETag in openapi.yaml).
func validETag(etag string) bool {
	return 1 <= len(etag) && len(etag) <= 255 && strings.IndexFunc(etag, unicode.IsSpace) < 0
}

// maxTime is the end of the year 9999 in milliseconds, the latest time that JSON can encode.
const maxTime = 253402300799999

func invalidTime(t gen.EpochMillis) bool { return t < 0 || t > maxTime }

// checkDetails returns what is wrong with details that the API sent.
func checkDetails(details gen.FileDetails) string {
	switch {
	case checkFilePath("", details.FilePath) != nil:
		return "file path"
	case details.FileURL == "":
		return "file URL"
	case details.AccountID == "":
		return "account id"
	case details.Size < 0:
		return "size"
	case invalidTime(details.LastModified):
		return "time of modification"
	case details.ETag.Valid && !validETag(details.ETag.Value):
		return "etag"
	}
	return ""
}

func answerError(op, wrong string) error {
	if wrong == "" {
		return nil
	}
	return rest.ProtocolError(op, http.StatusOK, "the "+wrong+" is missing or not a valid one")
}

// missing is what numbers are set to before an answer is decoded. The API cannot send it, so
// that a number that is missing or null is refused like one that is out of range.
const missing = -2

// decode decodes the answer to a call into the value that to points to, and closes it. resp
// and err are what the call returned.
func (c *Client) decode(op string, resp *http.Response, err error, to any) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := c.checkOK(op, resp); err != nil {
		return err
	}
	return c.rest.ReadJSON(op, resp, to)
}

// checkOK returns an error if an answer has another status than 200, or 201, which some
// gateways send in its place. Only what the answer holds counts then.
func (c *Client) checkOK(op string, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusCreated:
		return nil
	case resp.StatusCode/100 == 2:
		return rest.ProtocolError(op, resp.StatusCode, "200 was expected")
	}
	return c.apiError(op, resp)
}

// checkNoContent returns an error if an answer has another status than 204, or 200 and 202,
// which some gateways send in its place.
func (c *Client) checkNoContent(op string, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusNoContent, resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusAccepted:
		return nil
	case resp.StatusCode/100 == 2:
		return rest.ProtocolError(op, resp.StatusCode, "204 was expected")
	}
	return c.apiError(op, resp)
}

// apiError returns the error for an answer whose status means failure.
func (c *Client) apiError(op string, resp *http.Response) error {
	said := c.rest.ReadRefusal(op, resp)
	return c.rest.OfHost(resp.Request.URL, &APIError{
		Operation: op, Status: resp.StatusCode, FromService: said.Documented, Code: said.Code, Message: said.Message, Details: said.Details,
		RetryAfter: retry.ParseAfter(resp.Header, time.Now()),
	})
}
