package suite

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
)

// maxFileSize is the limit of the fake in bytes.
const maxFileSize = 1 << 20

// checkTours calls every operation through the generated client, once with each form of credentials, with every
// parameter and property, and looks at what comes back.
func checkTours(w *world) {
	for _, form := range accepted {
		t := &tour{w, w.client(form), form}
		t.multipart()
		t.emptyFile()
		t.singleRequests()
	}
}

// tour is one client's way through all operations.
type tour struct {
	*world
	api  *gen.ClientWithResponses
	form credentials
}

// name is a path that nothing else uses.
func (t *tour) name() string {
	t.counter++
	return fmt.Sprintf("/tour/%d.txt", t.counter)
}

// answered is a result of the generated client.
type answered interface{ StatusCode() int }

// plain is an answer to a request that was not made by the generated client.
type plain struct{ response *http.Response }

func (p plain) StatusCode() int { return p.response.StatusCode }

// ended says whether a call ended as it should, and fails when it did not.
func (t *tour) ended(what string, err error, result answered, status int) bool {
	switch {
	case err != nil:
		t.fail("%s, %s: %v", what, t.form.name, err)
	case result.StatusCode() != status:
		t.fail("%s, %s: status %d, not %d", what, t.form.name, result.StatusCode(), status)
	default:
		return true
	}
	return false
}

// equal fails when two values differ.
func (t *tour) equal(what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		t.fail("%s, %s: %v, not %v", what, t.form.name, got, want)
	}
}

func (t *tour) multipart() {
	content, path := []byte("0123456789"), t.name()
	var where gen.FilePathDefinition
	if err := where.FromDynamicFilePath(gen.DynamicFilePath{
		FileName: strings.TrimPrefix(path, "/tour/"), FileNameFallback: "fallback.txt", FolderPath: "/tour",
		FileNameVariablesEnabled: new(true), FolderPathVariablesEnabled: new(false),
	}); err != nil {
		t.fail("encoding a path: %v", err)
		return
	}
	begun, err := t.api.BeginMultipartUploadWithResponse(t.ctx, account, gen.BeginMultipartUploadRequest{
		Metadata: gen.Metadata{"a": "b"}, MIME: "text/plain", OriginalFileName: "a.txt", Path: where,
		Protocol: gen.MultipartUploadProtocolV11, Size: int64(len(content)), Tags: []string{"t"},
	})
	if !t.ended("BeginMultipartUpload", err, begun, 200) {
		return
	}
	id, parts := begun.JSON200.UploadID, begun.JSON200.UploadParts
	t.equal("the number of parts", parts.Count, int64(3))
	t.equal("the first part", parts.First.Range, gen.UploadPartRange{InclusiveStart: 0, InclusiveEnd: 3})
	t.equal("the file", begun.JSON200.File.FilePath, path)
	t.remaining(id, 0, 1, 2)
	for i, want := range []gen.CompleteMultipartUploadResponsePendingStatus{
		gen.CompleteMultipartUploadResponsePendingStatusPending, gen.CompleteMultipartUploadResponsePendingStatusPending, "Completed",
	} {
		index := []int64{0, 2, 1}[i] // in any order
		part := &parts.First
		if index > 0 {
			got, err := t.api.GetUploadPartWithResponse(t.ctx, account, id, index)
			if !t.ended("GetUploadPart", err, got, 200) {
				return
			}
			part = got.JSON200
		}
		t.equal("the part", part.UploadPartIndex, index)
		t.complete(id, index, t.put(part, content), string(want))
	}
	t.remaining(id)
	t.file(path, content, gen.FileDetails{
		AccountID: account, FilePath: path, FileURL: origin + "/" + account + "/raw" + path, MIME: "text/plain", Size: 10,
		Tags: []string{"t"}, Metadata: gen.Metadata{"a": "b"},
	})
}

// remaining compares the parts that are missing.
func (t *tour) remaining(id string, want ...int64) {
	list, err := t.api.ListUploadPartsWithResponse(t.ctx, account, id)
	if !t.ended("ListUploadParts", err, list, 200) {
		return
	}
	if want == nil {
		want = []int64{}
	}
	t.equal("the remaining parts", list.JSON200.RemainingUploadParts, want)
}

// put sends the bytes of a part and returns the etag.
func (t *tour) put(part *gen.UploadPart, content []byte) string {
	body := content[part.Range.InclusiveStart : part.Range.InclusiveEnd+1]
	r, err := http.NewRequestWithContext(t.ctx, http.MethodPut, part.UploadURL, bytes.NewReader(body))
	if err != nil {
		t.fail("PutPart: %v", err)
		return ""
	}
	response, err := t.strict.RoundTrip(r)
	if !t.ended("PutPart", err, plain{response}, 200) {
		return ""
	}
	return response.Header.Get("Etag")
}

func (t *tour) complete(id string, index int64, etag, want string) {
	done, err := t.api.CompleteUploadPartWithResponse(t.ctx, account, id, index, gen.CompleteUploadPartRequest{ETag: etag})
	if !t.ended("CompleteUploadPart", err, done, 200) {
		return
	}
	status, err := done.JSON200.Discriminator()
	if err != nil {
		t.fail("CompleteUploadPart: %v", err)
	}
	t.equal("the completion of part "+strconv.FormatInt(index, 10), status, want)
}

// file looks at a stored file from all sides, and deletes it.
func (t *tour) file(path string, content []byte, want gen.FileDetails) {
	details, err := t.api.GetFileDetailsWithResponse(t.ctx, account, &gen.GetFileDetailsParams{FilePath: path})
	if !t.ended("GetFileDetails", err, details, 200) {
		return
	}
	got := *details.JSON200
	if !got.ETag.Valid || got.ETag.Value == "" || got.LastModified <= 0 {
		t.fail("GetFileDetails, %s: etag %v, last modified %d", t.form.name, got.ETag, got.LastModified)
	}
	got.ETag, got.LastModified, got.OriginalFileName = gen.NullableString{}, 0, nil
	t.equal("the details", got, want)
	r := (&operation{method: "GET"}).requestWith(t.world, "/"+account+"/raw"+escape(path), "", nil)
	t.form.set(r.Header)
	response, err := t.strict.RoundTrip(r)
	if t.ended("DownloadFile", err, plain{response}, 200) {
		downloaded, err := io.ReadAll(response.Body)
		t.ended("reading the file", err, plain{response}, 200)
		t.equal("the bytes", string(downloaded), string(content))
	}
	for _, status := range []int{204, 404} { // gone the second time
		deleted, err := t.api.DeleteFileWithResponse(t.ctx, account, &gen.DeleteFileParams{FilePath: path})
		t.ended("DeleteFile", err, deleted, status)
	}
}

// emptyFile takes a literal path, and leaves out all that can be left out.
func (t *tour) emptyFile() {
	path := t.name()
	var where gen.FilePathDefinition
	if err := where.FromRelativeOrAbsoluteFilePath(path); err != nil {
		t.fail("encoding a path: %v", err)
		return
	}
	begun, err := t.api.BeginMultipartUploadWithResponse(t.ctx, account, gen.BeginMultipartUploadRequest{
		Path: where, Protocol: gen.MultipartUploadProtocolV10,
	})
	if !t.ended("BeginMultipartUpload", err, begun, 200) {
		return
	}
	first := begun.JSON200.UploadParts.First
	t.equal("the range of an empty file", first.Range, gen.UploadPartRange{InclusiveStart: 0, InclusiveEnd: -1})
	if begun.JSON200.File.ETag.Valid || begun.JSON200.File.OriginalFileName != nil {
		t.fail("a file that does not exist has the etag %v", begun.JSON200.File.ETag)
	}
	t.complete(begun.JSON200.UploadID, 0, t.put(&first, nil), "Completed")
	t.file(path, nil, gen.FileDetails{
		AccountID: account, FilePath: path, FileURL: origin + "/" + account + "/raw" + path, MIME: "application/octet-stream",
		Tags: []string{}, Metadata: gen.Metadata{},
	})
}

// singleRequests stores files in one request each.
func (t *tour) singleRequests() {
	const form = "multipart/form-data; boundary=B"
	for _, params := range []gen.BasicUploadParams{
		{FilePath: new(t.name()), OriginalFileName: new("o.txt"), Tag: []string{"t", "u"}, XUploadMetadata: &gen.Metadata{"a": "b"}},
		{
			FileName: new("{literal}-" + strings.TrimPrefix(t.name(), "/tour/")), FileNameFallback: new("f.txt"), FolderPath: new("/tour/{UTC_YEAR}"),
			FileNameVariablesEnabled: new(false), FolderPathVariablesEnabled: new(true),
		},
	} {
		stored, err := t.api.BasicUploadWithBodyWithResponse(t.ctx, account, &params, "text/plain", strings.NewReader("hello"))
		if t.ended("BasicUpload", err, stored, 200) {
			t.equal("the account", stored.JSON200.AccountID, account)
		}
		formParams := gen.FormDataUploadParams(params)
		if params.FilePath != nil {
			formParams.FilePath = new(t.name())
		} else {
			formParams.FileName = new("form-" + *params.FileName)
		}
		files, err := t.api.FormDataUploadWithBodyWithResponse(t.ctx, account, &formParams, form, strings.NewReader(formRequest))
		if t.ended("FormDataUpload", err, files, 200) &&
			(len(files.JSON200.Files) != 1 || files.JSON200.Files[0].FormDataFieldName != "file") {
			t.fail("FormDataUpload, %s: %+v", t.form.name, files.JSON200)
		}
	}
	var where gen.FilePathDefinition
	if err := where.FromRelativeOrAbsoluteFilePath(t.name()); err != nil {
		t.fail("encoding a path: %v", err)
		return
	}
	fetched, err := t.api.UploadFromURLWithResponse(t.ctx, account, gen.UploadFromURLRequest{
		Metadata: gen.Metadata{"a": "b"}, MIME: "text/plain", OriginalFileName: "o.txt", Path: where, Tags: []string{"t"}, Timeout: 30000,
		URL: "https://assets.example.com/a.txt",
	})
	t.ended("UploadFromUrl", err, fetched, 200)
}
