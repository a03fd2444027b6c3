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
	for {
		part, err := request.Body.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, formError(err)
		}
		field := part.FormName()
		if field == "" {
			return nil, refusal.Errorf(refusal.InvalidRequest, "A part of the form has no name.")
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
			return nil, formError(err)
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

func formError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return refusal.Errorf(refusal.InvalidRequest, "The form ends too early.")
	}
	return fmt.Errorf("%w: %w", errBodyCut, err)
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
