package fake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/pathvars"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// Limits of a form.
const (
	maxFormParts   = 100
	maxPartHeaders = 8 << 10 // bytes
	maxFieldName   = 255     // bytes; the answer repeats the names
)

var errPartHeaders = errors.New("the header of a part is too large")

// FormDataUpload implements the operation of this name. Each part of the form
// is a file and succeeds or fails by itself.
func (o operations) FormDataUpload(ctx context.Context, request fakeapi.FormDataUploadRequestObject) (fakeapi.FormDataUploadResponseObject, error) {
	answer := fakeapi.FormDataUpload200JSONResponse{
		Errors: []gen.FormDataUploadResponseError{}, Files: []gen.FormDataUploadResponseFile{},
	}
	params := gen.BasicUploadParams(request.Params)
	path, err := queryPath(params)
	if err != nil {
		return nil, err
	}
	form := exchangeOf(ctx).form
	for parts := 0; ; parts++ {
		part, err := form.next(request.Body)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		field := part.FormName()
		switch {
		case parts == maxFormParts:
			return nil, &refusal.Error{Code: refusal.FormTooLarge}
		case field == "", len(field) > maxFieldName:
			return nil, refusal.Errorf(refusal.InvalidRequest, "A part of the form has no name, or one of more than %d bytes.", maxFieldName)
		}
		stored, err := o.addPart(ctx, path, params, part)
		var refused *refusal.Error
		switch {
		case errors.As(err, &refused):
			answer.Errors = append(answer.Errors, gen.FormDataUploadResponseError{
				FormDataFieldName: field,
				Error: gen.FormDataUploadFailure{
					Code: refused.Code.Name, Message: refused.Text(), Details: refused.Details, Timestamp: time.Now().UTC(),
				},
			})
		case errors.Is(err, errBodyCut):
			return nil, form.explain(err)
		case err != nil:
			return nil, err
		default:
			answer.Files = append(answer.Files, gen.FormDataUploadResponseFile{
				AccountID: stored.AccountID, ETag: stored.ETag, FilePath: stored.FilePath,
				FileURL: stored.FileURL, FormDataFieldName: field,
			})
		}
	}
	if len(answer.Errors)+len(answer.Files) == 0 {
		return nil, refusal.Errorf(refusal.InvalidRequest, "The form has no file.")
	}
	return answer, nil
}

// formBody is the body of a form. It limits the header of each part, for which
// mime/multipart would take megabytes of memory.
type formBody struct {
	io.ReadCloser
	part     *multipart.Part // the part that was read last
	inHeader bool
	left     int   // bytes that the header may still have
	tooLarge bool  // it had more
	err      error // of the connection
}

// next reads the rest of a part and returns the next one.
func (b *formBody) next(form *multipart.Reader) (*multipart.Part, error) {
	if b.part != nil {
		if _, err := io.Copy(io.Discard, b.part); err != nil {
			return nil, b.explain(err)
		}
	}
	b.inHeader, b.left = true, maxPartHeaders
	part, err := form.NextRawPart()
	b.inHeader, b.part = false, part
	return part, b.explain(err)
}

// explain returns the refusal of a form that cannot be read.
func (b *formBody) explain(err error) error {
	switch {
	case err == nil, err == io.EOF:
		return err
	case b.err != nil:
		return fmt.Errorf("%w: %w", errBodyCut, err)
	case b.tooLarge, errors.Is(err, multipart.ErrMessageTooLarge):
		return &refusal.Error{Code: refusal.FormTooLarge}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refusal.Errorf(refusal.InvalidRequest, "The form ends too early.")
	}
	return refusal.Errorf(refusal.InvalidRequest, "The form is malformed.")
}

func (b *formBody) Read(p []byte) (n int, err error) {
	switch {
	case !b.inHeader:
		n, err = b.ReadCloser.Read(p)
	case b.left == 0:
		b.tooLarge = true
		return 0, errPartHeaders
	default:
		n, err = b.ReadCloser.Read(p[:min(len(p), b.left)])
		b.left -= n
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// addPart stores one part of a form. The file name of the part takes precedence over
// that of the query.
func (s *Server) addPart(ctx context.Context, path pathvars.Request, params gen.BasicUploadParams, part *multipart.Part) (gen.BasicUploadResponse, error) {
	wanted := newFile{
		path: path, original: value(params.OriginalFileName), mime: part.Header.Get("Content-Type"),
		metadata: value(params.XUploadMetadata), tags: params.Tag,
	}
	if name := part.FileName(); name != "" {
		wanted.original = name
	}
	if len(wanted.original) > 255 {
		return gen.BasicUploadResponse{}, refusal.Errorf(refusal.InvalidRequest, "The file name is longer than 255 characters.")
	}
	return s.addFile(ctx, wanted, part)
}
