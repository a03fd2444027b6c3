package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/gen"
)

var content = []byte("a file of the live contract run\n")

// steps are run in this order. None depends on another.
var steps = []struct {
	name string
	do   func(*examination, context.Context) error
}{
	{"multipart upload through the SDK", (*examination).multipart},
	{"multipart upload call by call", (*examination).callByCall},
	{"empty file", (*examination).emptyFile},
	{"BasicUpload", (*examination).basicUpload},
	{"FormDataUpload", (*examination).formDataUpload},
	{"UploadFromUrl", (*examination).uploadFromURL},
	{"download", (*examination).download},
	{"copies and deletions of files", (*examination).copiesOfFiles},
	{"folders", (*examination).folders},
	{"copies and deletions of folders", (*examination).copiesOfFolders},
	{"jobs", (*examination).jobs},
	{"transformations", (*examination).transformations},
	{"cache", (*examination).resetCache},
	{"refusals", (*examination).refusals},
}

func isNotFound(err error) bool { return errors.Is(err, bytescale.ErrNotFound) }

func (x *examination) multipart(ctx context.Context) error {
	file, err := x.client.Upload(ctx, bytescale.Bytes(content), bytescale.WithPath(x.path("sdk.txt")), bytescale.WithMIME("text/plain"),
		bytescale.WithOriginalFileName("sdk.txt"), bytescale.WithTags("contract-live"), bytescale.WithMetadata(map[string]any{"run": 1}))
	if err != nil {
		return err
	}
	details, err := x.client.GetFileDetails(ctx, file.FilePath)
	if err != nil {
		return err
	}
	x.observe("the etag of the details equals that of the completion: %t", details.ETag == file.ETag)
	if details.Size != int64(len(content)) || details.MIME != "text/plain" {
		return fmt.Errorf("the details say %d bytes of %s", details.Size, details.MIME)
	}
	return nil
}

// callByCall uploads through the generated client and observes every answer.
func (x *examination) callByCall(ctx context.Context) error {
	api, account := x.client.API(), x.client.AccountID()
	var where gen.FilePathDefinition
	path := x.path("call by call.txt")
	if err := where.FromRelativeOrAbsoluteFilePath(path); err != nil {
		return err
	}
	begun, err := api.BeginMultipartUploadWithResponse(ctx, account, gen.BeginMultipartUploadRequest{
		Path: where, Size: int64(len(content)), Protocol: gen.MultipartUploadProtocolV11,
	})
	if err != nil {
		return err
	}
	if begun.JSON200 == nil {
		return status("BeginMultipartUpload", begun.HTTPResponse)
	}
	id, parts := begun.JSON200.UploadID, begun.JSON200.UploadParts
	x.observe("%d bytes are %d part(s), the first is %d to %d with the index %d", len(content), parts.Count,
		parts.First.Range.InclusiveStart, parts.First.Range.InclusiveEnd, parts.First.UploadPartIndex)
	x.observe("the etag at begin is null: %t", begun.JSON200.File.ETag.Null)
	if _, err := x.client.GetFileDetails(ctx, path); !isNotFound(err) {
		x.observe("the file can be seen before its upload is complete: %v", err)
	}
	part, err := api.GetUploadPartWithResponse(ctx, account, id, 0)
	if err != nil {
		return err
	}
	if part.JSON200 == nil {
		return status("GetUploadPart", part.HTTPResponse)
	}
	etag, err := x.put(ctx, part.JSON200.UploadURL, content)
	if err != nil {
		return err
	}
	x.observe("storage quotes its etag: %t", len(etag) > 1 && etag[0] == '"')
	if list, err := api.ListUploadPartsWithResponse(ctx, account, id); err != nil {
		return err
	} else if list.JSON200 != nil {
		x.observe("parts that remain before the completion: %v", list.JSON200.RemainingUploadParts)
	}
	done, err := api.CompleteUploadPartWithResponse(ctx, account, id, 0, gen.CompleteUploadPartRequest{ETag: etag})
	if err != nil {
		return err
	}
	if done.JSON200 == nil {
		return status("CompleteUploadPart", done.HTTPResponse)
	}
	list, err := api.ListUploadPartsWithResponse(ctx, account, id)
	if err != nil {
		return err
	}
	if list.JSON200 != nil {
		x.observe("parts that remain after the completion: %v", list.JSON200.RemainingUploadParts)
	}
	return nil
}

// put sends a part as the SDK does.
func (x *examination) put(ctx context.Context, url string, body []byte) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return "", errors.New("the uploadUrl is no URL")
	}
	response, err := x.http.Do(r)
	if err != nil {
		return "", errors.New("the PUT of a part failed") // the error contains the URL, which is a secret
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return "", status("PutPart", response)
	}
	return response.Header.Get("Etag"), nil
}

func (x *examination) emptyFile(ctx context.Context) error {
	_, err := x.client.Upload(ctx, bytescale.Bytes(nil), bytescale.WithPath(x.path("empty")))
	return err
}

func (x *examination) basicUpload(ctx context.Context) error {
	stored, err := x.client.API().BasicUploadWithBodyWithResponse(ctx, x.client.AccountID(), &gen.BasicUploadParams{
		FilePath: new(x.path("basic.txt")), OriginalFileName: new("basic.txt"), Tag: []string{"contract-live"},
	}, "text/plain", bytes.NewReader(content))
	if err != nil {
		return err
	}
	return succeeded("BasicUpload", stored.HTTPResponse)
}

func (x *examination) formDataUpload(ctx context.Context) error {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="form.txt"`}, "Content-Type": {"text/plain"},
	})
	if err == nil {
		_, err = file.Write(content)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	stored, err := x.client.API().FormDataUploadWithBodyWithResponse(ctx, x.client.AccountID(), &gen.FormDataUploadParams{
		FilePath: new(x.path("form.txt")),
	}, w.FormDataContentType(), &form)
	if err != nil {
		return err
	}
	return succeeded("FormDataUpload", stored.HTTPResponse)
}

// uploadFromURL lets the service fetch a file that it stores.
func (x *examination) uploadFromURL(ctx context.Context) error {
	source, err := x.client.FileURL(x.folder + "/sdk.txt")
	if err != nil {
		return err
	}
	var where gen.FilePathDefinition
	if err := where.FromRelativeOrAbsoluteFilePath(x.path("url.txt")); err != nil {
		return err
	}
	stored, err := x.client.API().UploadFromURLWithResponse(ctx, x.client.AccountID(), gen.UploadFromURLRequest{URL: source, Path: where})
	if err != nil {
		return err
	}
	return succeeded("UploadFromUrl", stored.HTTPResponse)
}

func (x *examination) download(ctx context.Context) error {
	for _, try := range []struct {
		options []bytescale.DownloadOption
		want    []byte
	}{
		{nil, content},
		{[]bytescale.DownloadOption{bytescale.WithCDNAuth()}, content},
		{[]bytescale.DownloadOption{bytescale.WithRange(2, 4)}, content[2:6]},
	} {
		download, err := x.client.Download(ctx, x.folder+"/sdk.txt", try.options...)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(download)
		if err := errors.Join(err, download.Close()); err != nil {
			return err
		}
		if !bytes.Equal(got, try.want) {
			return fmt.Errorf("%d bytes came back, not the %d expected", len(got), len(try.want))
		}
	}
	return nil
}

// refusals sends requests that the service must refuse, to see its errors.
func (x *examination) refusals(ctx context.Context) error {
	api, account := x.client.API(), x.client.AccountID()
	missing, err := api.GetFileDetailsWithResponse(ctx, account, &gen.GetFileDetailsParams{FilePath: x.folder + "/missing"})
	if err != nil {
		return err
	}
	x.observe("the details of a missing file: status %d", missing.StatusCode())
	unknown, err := api.ListUploadPartsWithResponse(ctx, account, "zzzzzzzzzzzzzzzz")
	if err != nil {
		return err
	}
	x.observe("the parts of an unknown upload: status %d", unknown.StatusCode())
	wrong, err := bytescale.NewClient("public_"+account+"nosuchkeynosuchkey", bytescale.WithAPIURL(x.settings.apiURL), bytescale.WithTransport(x.http.Transport))
	if err != nil {
		return err
	}
	denied, err := wrong.API().GetFileDetailsWithResponse(ctx, account, &gen.GetFileDetailsParams{FilePath: x.folder + "/missing"})
	if err != nil {
		return err
	}
	x.observe("an unknown key: status %d", denied.StatusCode())
	return nil
}

func succeeded(operation string, response *http.Response) error {
	if response.StatusCode/100 == 2 {
		return nil
	}
	return status(operation, response)
}

func status(operation string, response *http.Response) error {
	return fmt.Errorf("%s answered %s", operation, response.Status)
}
