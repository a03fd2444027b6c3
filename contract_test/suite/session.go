package suite

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
)

// maxFileSize is the limit of the fake in bytes.
const maxFileSize = 1 << 20

// session calls operations through the generated client with one form of credentials, with every
// parameter and property, and compares what comes back.
type session struct {
	*harness
	api  *gen.ClientWithResponses
	form credentials
}

// sessions calls every operation with each form of credentials.
func sessions(h *harness) (steps []step) {
	for _, part := range []struct {
		what string
		do   func(*session) error
	}{
		{"an upload of three parts", (*session).threeParts},
		{"an empty file", (*session).emptyFile},
		{"BasicUpload", (*session).basicUpload},
		{"FormDataUpload", (*session).formDataUpload},
		{"UploadFromUrl", (*session).uploadFromURL},
		{"folders", (*session).putFolders},
		{"lists", (*session).lists},
		{"a copy", (*session).copies},
		{"jobs", (*session).batches},
	} {
		for _, form := range accepted {
			steps = append(steps, step{part.what + ", " + form.name, func() error {
				api, err := h.client(form)
				if err != nil {
					return err
				}
				return part.do(&session{harness: h, api: api, form: form})
			}})
		}
	}
	return steps
}

// newPath is a path that nothing else uses.
func (s *session) newPath() string {
	s.counter++
	return fmt.Sprintf("/session/%d.txt", s.counter)
}

// wantResult demands that a call of the generated client ended with a status.
func wantResult(operation string, result interface{ StatusCode() int }, err error, status int) error {
	if err == nil {
		err = wantStatus(result.StatusCode(), status)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}

// wantEqual demands that a result has a value.
func wantEqual(what string, got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s: %v, not %v", what, got, want)
	}
	return nil
}

// firstError returns the first of the errors that is not nil.
func firstError(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// threeParts uploads a file in three parts, completed in another order, to a path given as an object.
func (s *session) threeParts() error {
	content, path := []byte("0123456789"), s.newPath()
	var definition gen.FilePathDefinition
	if err := definition.FromDynamicFilePath(gen.DynamicFilePath{
		FileName: strings.TrimPrefix(path, "/session/"), FileNameFallback: "fallback.txt", FolderPath: "/session",
		FileNameVariablesEnabled: new(true), FolderPathVariablesEnabled: new(false),
	}); err != nil {
		return err
	}
	begun, err := s.api.BeginMultipartUploadWithResponse(s.ctx, account, gen.BeginMultipartUploadRequest{
		Metadata: gen.Metadata{"a": "b"}, MIME: "text/plain", OriginalFileName: "a.txt", Path: definition,
		Protocol: gen.MultipartUploadProtocolV11, Size: int64(len(content)), Tags: []string{"t"},
	})
	if err := wantResult("BeginMultipartUpload", begun, err, 200); err != nil {
		return err
	}
	id, parts := begun.JSON200.UploadID, begun.JSON200.UploadParts
	if err := firstError(
		wantEqual("the number of parts", parts.Count, int64(3)),
		wantEqual("the first part", parts.First.Range, gen.UploadPartRange{InclusiveStart: 0, InclusiveEnd: 3}),
		wantEqual("the file", begun.JSON200.File.FilePath, path),
		s.remaining(id, 0, 1, 2),
	); err != nil {
		return err
	}
	for _, completion := range []struct {
		index int64
		want  string
	}{{0, "Pending"}, {2, "Pending"}, {1, "Completed"}} {
		if err := s.sendPart(id, completion.index, content, completion.want); err != nil {
			return err
		}
	}
	if err := s.remaining(id); err != nil {
		return err
	}
	return s.storedFile(path, content, gen.FileDetails{
		AccountID: account, FilePath: path, FileURL: origin + "/" + account + "/raw" + path, MIME: "text/plain", Size: 10,
		Tags: []string{"t"}, Metadata: gen.Metadata{"a": "b"},
	})
}

// sendPart fetches a part of content, sends its bytes and completes it.
func (s *session) sendPart(id string, index int64, content []byte, want string) error {
	got, err := s.api.GetUploadPartWithResponse(s.ctx, account, id, index)
	if err := wantResult("GetUploadPart", got, err, 200); err != nil {
		return err
	}
	part := got.JSON200
	if err := wantEqual("the part", part.UploadPartIndex, index); err != nil {
		return err
	}
	etag, err := s.put(part.UploadURL, content[part.Range.InclusiveStart:part.Range.InclusiveEnd+1])
	if err != nil {
		return err
	}
	return s.complete(id, index, etag, want)
}

// remaining compares the parts that are missing.
func (s *session) remaining(id string, want ...int64) error {
	list, err := s.api.ListUploadPartsWithResponse(s.ctx, account, id)
	if err := wantResult("ListUploadParts", list, err, 200); err != nil {
		return err
	}
	return wantEqual("the remaining parts", list.JSON200.RemainingUploadParts, append([]int64{}, want...))
}

// put sends the bytes of a part and returns the etag.
func (s *session) put(url string, body []byte) (string, error) {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := s.strict.RoundTrip(r)
	if err != nil {
		return "", fmt.Errorf("PutPart: %w", err)
	}
	return response.Header.Get("Etag"), wantStatus(response.StatusCode, 200)
}

func (s *session) complete(id string, index int64, etag, want string) error {
	done, err := s.api.CompleteUploadPartWithResponse(s.ctx, account, id, index, gen.CompleteUploadPartRequest{ETag: etag})
	if err := wantResult("CompleteUploadPart", done, err, 200); err != nil {
		return err
	}
	status, err := done.JSON200.Discriminator()
	if err != nil {
		return fmt.Errorf("CompleteUploadPart: %w", err)
	}
	return wantEqual(fmt.Sprintf("the completion of part %d", index), status, want)
}

// storedFile reads a stored file and its details, and deletes it.
func (s *session) storedFile(path string, content []byte, want gen.FileDetails) error {
	details, err := s.api.GetFileDetailsWithResponse(s.ctx, account, &gen.GetFileDetailsParams{FilePath: path})
	if err := wantResult("GetFileDetails", details, err, 200); err != nil {
		return err
	}
	got := *details.JSON200
	if !got.ETag.Valid || got.ETag.Value == "" || got.LastModified <= 0 {
		return fmt.Errorf("GetFileDetails: etag %v, last modified %d", got.ETag, got.LastModified)
	}
	got.ETag, got.LastModified, got.OriginalFileName = gen.NullableString{}, 0, nil
	if err := firstError(wantEqual("the details", got, want), s.download(path, string(content))); err != nil {
		return err
	}
	for _, status := range []int{204, 404} { // the second time there is nothing to delete
		deleted, err := s.api.DeleteFileWithResponse(s.ctx, account, &gen.DeleteFileParams{FilePath: path})
		if err := wantResult("DeleteFile", deleted, err, status); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) download(path, want string) error {
	r := (&operation{method: "GET"}).requestWith(s.harness, "/"+account+"/raw"+escape(path), "", nil)
	s.form.set(r.Header)
	response, err := s.strict.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("DownloadFile: %w", err)
	}
	content, err := io.ReadAll(response.Body)
	return firstError(err, wantStatus(response.StatusCode, 200), wantEqual("the content", string(content), want))
}

// emptyFile uploads to a literal path, and leaves out all that can be left out.
func (s *session) emptyFile() error {
	path := s.newPath()
	var definition gen.FilePathDefinition
	if err := definition.FromRelativeOrAbsoluteFilePath(path); err != nil {
		return err
	}
	begun, err := s.api.BeginMultipartUploadWithResponse(s.ctx, account, gen.BeginMultipartUploadRequest{
		Path: definition, Protocol: gen.MultipartUploadProtocolV10,
	})
	if err := wantResult("BeginMultipartUpload", begun, err, 200); err != nil {
		return err
	}
	first := begun.JSON200.UploadParts.First
	if err := wantEqual("the range of an empty file", first.Range, gen.UploadPartRange{InclusiveStart: 0, InclusiveEnd: -1}); err != nil {
		return err
	}
	if begun.JSON200.File.ETag.Valid || begun.JSON200.File.OriginalFileName != nil {
		return fmt.Errorf("a file that does not exist has the etag %v", begun.JSON200.File.ETag)
	}
	etag, err := s.put(first.UploadURL, nil)
	if err != nil {
		return err
	}
	if err := s.complete(begun.JSON200.UploadID, 0, etag, "Completed"); err != nil {
		return err
	}
	return s.storedFile(path, nil, gen.FileDetails{
		AccountID: account, FilePath: path, FileURL: origin + "/" + account + "/raw" + path, MIME: "application/octet-stream",
		Tags: []string{}, Metadata: gen.Metadata{},
	})
}

// uploadParams are parameters of the uploads in one request: those of a whole path, and all others.
func (s *session) uploadParams() []gen.BasicUploadParams {
	return []gen.BasicUploadParams{
		{FilePath: new(s.newPath()), OriginalFileName: new("o.txt"), Tag: []string{"t", "u"}, XUploadMetadata: &gen.Metadata{"a": "b"}},
		{
			FileName:         new("{literal}-" + strings.TrimPrefix(s.newPath(), "/session/")),
			FileNameFallback: new("f.txt"), FolderPath: new("/session/{UTC_YEAR}"),
			FileNameVariablesEnabled: new(false), FolderPathVariablesEnabled: new(true),
		},
	}
}

func (s *session) basicUpload() error {
	for _, params := range s.uploadParams() {
		stored, err := s.api.BasicUploadWithBodyWithResponse(s.ctx, account, &params, "text/plain", strings.NewReader("hello"))
		if err := wantResult("BasicUpload", stored, err, 200); err != nil {
			return err
		}
		if err := wantEqual("the account", stored.JSON200.AccountID, account); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) formDataUpload() error {
	for _, params := range s.uploadParams() {
		formParams := gen.FormDataUploadParams(params)
		files, err := s.api.FormDataUploadWithBodyWithResponse(s.ctx, account, &formParams, "multipart/form-data; boundary=B", strings.NewReader(formRequest))
		if err := wantResult("FormDataUpload", files, err, 200); err != nil {
			return err
		}
		if len(files.JSON200.Files) != 1 || files.JSON200.Files[0].FormDataFieldName != "file" {
			return fmt.Errorf("FormDataUpload: %+v", files.JSON200)
		}
	}
	return nil
}

func (s *session) uploadFromURL() error {
	var definition gen.FilePathDefinition
	if err := definition.FromRelativeOrAbsoluteFilePath(s.newPath()); err != nil {
		return err
	}
	fetched, err := s.api.UploadFromURLWithResponse(s.ctx, account, gen.UploadFromURLRequest{
		Metadata: gen.Metadata{"a": "b"}, MIME: "text/plain", OriginalFileName: "o.txt", Path: definition, Tags: []string{"t"}, Timeout: 30000,
		URL: "https://assets.example.com/a.txt",
	})
	return wantResult("UploadFromUrl", fetched, err, 200)
}
