package bytescale

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
)

// FileDetails is what the service knows about a file (FileDetails in openapi.yaml). It encodes
// to JSON and back without loss.
type FileDetails struct {
	// AccountID is the account that owns the file.
	AccountID string `json:"accountId"`
	// ETag is the version tag of the file, which changes with its content. Treat it as
	// opaque. It is empty while the file is being uploaded, and after an upload whose last
	// answer was lost if the credentials may not read details.
	ETag string `json:"etag"`
	// FilePath is the full path of the file: the value to keep in a database.
	FilePath string `json:"filePath"`
	// FileURL is the address of the untransformed file on the CDN.
	FileURL string `json:"fileUrl"`
	// LastModified is when the file was uploaded or last overwritten, in UTC and to the
	// millisecond. It is zero after an upload by a single request ([WithSingleRequest]), whose
	// answer does not tell.
	LastModified time.Time `json:"lastModified,omitzero"`
	// Metadata is what [WithMetadata] of the upload set; empty, not nil, if that was
	// nothing. Numbers are [json.Number], and not float64, so that integers above 2^53 stay
	// exact; see [FileDetails.DecodeMetadata].
	Metadata map[string]any `json:"metadata"`
	// MIME is the MIME type; "application/octet-stream" if the upload set none.
	MIME string `json:"mime"`
	// OriginalFileName is the name of the file at its origin; empty if the upload set none.
	OriginalFileName string `json:"originalFileName"`
	// SHA256 is the digest of the content, in hexadecimal digits. Only an upload with
	// [WithSHA256] sets it; the service does not know it.
	SHA256 string `json:"sha256,omitempty"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Tags are the labels of the file; empty, not nil, if there are none.
	Tags []string `json:"tags"`
}

// UnmarshalJSON implements [json.Unmarshaler]. It keeps large integers in the metadata exact.
func (d *FileDetails) UnmarshalJSON(data []byte) error {
	type plain FileDetails // without this method
	return decodeExactly(data, (*plain)(d))
}

// decodeExactly decodes JSON with numbers as [json.Number].
func decodeExactly(data []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(to)
}

// DecodeMetadata decodes the metadata into the value that to points to, by the rules of
// [json.Unmarshal]. A struct or a map of the program's own types gets numbers as it declares
// them, with all their digits; one that does not fit is an error.
func (d FileDetails) DecodeMetadata(to any) error {
	encoded, err := json.Marshal(d.Metadata)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if err := json.Unmarshal(encoded, to); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	return nil
}

// newFileDetails converts what the API sent.
func newFileDetails(from gen.FileDetails) FileDetails {
	details := FileDetails{
		AccountID:    from.AccountID,
		ETag:         from.ETag.Value,
		FilePath:     from.FilePath,
		FileURL:      from.FileURL,
		LastModified: from.LastModified.Time(),
		Metadata:     from.Metadata,
		MIME:         from.MIME,
		Size:         from.Size,
		Tags:         from.Tags,
	}
	if from.OriginalFileName != nil {
		details.OriginalFileName = *from.OriginalFileName
	}
	if details.Metadata == nil {
		details.Metadata = map[string]any{}
	}
	if details.Tags == nil {
		details.Tags = []string{}
	}
	return details
}

// GetFileDetails returns what the service knows about the file at filePath (GetFileDetails in
// openapi.yaml). The credentials must be allowed to read details: a secret key is, a public key
// only if it has the permission.
//
// For a missing file errors.Is(err, [ErrNotFound]) holds. An invalid path is an
// [*ArgumentError]; a valid one begins with a slash, has at most 512 characters and no "..".
// Transient failures are retried with growing waits for a minute or two. When ctx ends, the call
// returns at once with an error that wraps ctx.Err(), its cause and the last failure.
func (c *Client) GetFileDetails(ctx context.Context, filePath string) (*FileDetails, error) {
	if err := checkFilePath("filePath", filePath); err != nil {
		return nil, err
	}
	var details *FileDetails
	err := c.retry(ctx, operation.GetFileDetails, func(ctx context.Context) (err error) {
		details, err = c.api.details(ctx, filePath)
		return err
	})
	if err != nil {
		return nil, err
	}
	return details, nil
}

// DeleteFile deletes the file at filePath (DeleteFile in openapi.yaml). The file does not exist
// when DeleteFile returns nil, but the CDN may serve it from its caches for a while. The
// credentials must be allowed to delete: a secret key is, and a public key with a JWT that
// grants it ([WithJWT]).
//
// For a missing file errors.Is(err, [ErrNotFound]) holds, unless an earlier attempt of the same
// call, whose answer was lost, has deleted it. Other errors and retries are those of
// [Client.GetFileDetails].
func (c *Client) DeleteFile(ctx context.Context, filePath string) error {
	if err := checkFilePath("filePath", filePath); err != nil {
		return err
	}
	err := c.change(ctx, operation.DeleteFile, repeatable, func(ctx context.Context) error {
		return c.api.delete(ctx, filePath)
	})
	if errors.Is(err, ErrOutcomeUnknown) && errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// The most items of one batch (maxItems in openapi.yaml).
const (
	maxCopies    = 100
	maxDeletions = 1000
)

// FileCopy is one file to copy (CopyFileRequest in openapi.yaml).
type FileCopy struct {
	// Source is the full path of the file to copy.
	Source string
	// Destination is the full path of the copy. It is the path of the file, not of a
	// folder to put it in.
	Destination string
	// Metadata replaces the metadata of the source, or is added to it if MergeMetadata is
	// set; its members win then. Nil keeps the metadata of the source, and an empty map
	// removes it. At most 2048 bytes as compact JSON; see [WithMetadata].
	Metadata      map[string]any
	MergeMetadata bool
	// Tags replace the tags of the source, or are added to them if MergeTags is set. Nil
	// keeps the tags of the source, and an empty slice removes them. At most 25; see
	// [WithTags].
	Tags      []string
	MergeTags bool
}

// request returns the copy as the API wants it. prefix is what the fields of errors begin with.
func (f FileCopy) request(prefix string) (gen.CopyFileRequest, error) {
	request := gen.CopyFileRequest{Source: f.Source, Destination: f.Destination}
	if err := checkFilePath(prefix+"source", f.Source); err != nil {
		return request, err
	}
	if err := checkFilePath(prefix+"destination", f.Destination); err != nil {
		return request, err
	}
	if strings.HasSuffix(f.Destination, "/") {
		return request, argumentError(prefix+"destination", "%s has no file name at its end", quote(f.Destination))
	}
	var err error
	request.Metadata, request.Tags, err = copiedData(prefix, f.Metadata, f.MergeMetadata, f.Tags, f.MergeTags)
	return request, err
}

// copiedData returns what a copy gets for metadata and tags; nil for those of its source.
func copiedData(prefix string, metadata map[string]any, mergeMetadata bool, tags []string, mergeTags bool) (*gen.CopyableFileMetadata, *gen.CopyableFileTags, error) {
	var data *gen.CopyableFileMetadata
	var labels *gen.CopyableFileTags
	if metadata != nil {
		value, err := copyMetadata(prefix+"metadata", metadata)
		if err != nil {
			return nil, nil, err
		}
		data = &gen.CopyableFileMetadata{Merge: mergeMetadata, Value: value}
	}
	if len(tags) > maxTags {
		return nil, nil, argumentError(prefix+"tags", "%d are too many; a file has at most %d", len(tags), maxTags)
	}
	for i, tag := range tags {
		if err := checkTag(fmt.Sprintf("%stags[%d]", prefix, i), tag); err != nil {
			return nil, nil, err
		}
	}
	if tags != nil {
		labels = &gen.CopyableFileTags{Merge: mergeTags, Value: slices.Clone(tags)}
	}
	return data, labels, nil
}

// CopyFile copies a file to another path of the account (CopyFile in openapi.yaml). The copy
// exists when CopyFile returns nil. The service makes it; the bytes do not pass through this
// machine. The credentials must be allowed to read the source, to create the destination, and
// to overwrite it if it is there: a secret key is, and a public key with a JWT that grants it
// ([WithJWT]). A file at the destination is replaced; without the permission to overwrite, it
// is an [*APIError] with status 403. The service does not promise what the copy keeps besides
// the bytes, the metadata and the tags.
//
// For a missing source errors.Is(err, [ErrNotFound]) holds. An invalid path, tag or metadata is
// an [*ArgumentError]. The call is repeated after a lost answer, because a second copy is the
// same. If it is then refused with 403, the reason may be the first copy: CopyFile compares
// the details of both files, and returns nil if size and etag are the same. If that cannot be
// told, or ctx ends meanwhile, errors.Is(err, [ErrOutcomeUnknown]) holds. Other errors and
// retries are those of [Client.GetFileDetails].
func (c *Client) CopyFile(ctx context.Context, file FileCopy) error {
	request, err := file.request("")
	if err != nil {
		return err
	}
	err = c.change(ctx, operation.CopyFile, repeatable, func(ctx context.Context) error {
		var answer gen.CopyFileResponse
		resp, err := c.api.calls.CopyFile(ctx, c.accountID, request)
		if err = c.decode(operation.CopyFile, resp, err, &answer); err != nil {
			return err
		}
		if answer.Status != gen.CopyFileResponseStatusCopied {
			return rest.ProtocolError(operation.CopyFile, resp.StatusCode, "it does not say that the file was copied")
		}
		return nil
	})
	var refused *APIError
	if errors.Is(err, ErrOutcomeUnknown) && errors.As(err, &refused) && refused.Status == http.StatusForbidden && c.isCopied(ctx, file) {
		return nil
	}
	return err
}

// isCopied reports whether the destination of a copy is there with the content of the source.
// It cannot be checked for a copy that was to get other metadata or tags.
func (c *Client) isCopied(ctx context.Context, file FileCopy) bool {
	if file.Metadata != nil || file.Tags != nil {
		return false
	}
	source, err := c.GetFileDetails(ctx, file.Source)
	if err != nil {
		return false
	}
	destination, err := c.GetFileDetails(ctx, file.Destination)
	return err == nil && destination.ETag != "" && destination.ETag == source.ETag && destination.Size == source.Size
}

// CopyFiles copies any number of files. The service does it in jobs of up to 100 files
// (CopyFileBatch in openapi.yaml). The sequence starts one after the other as it is ranged
// over, and yields each when it is started; [Job.Wait] waits for its end. Each job is one call
// of the account. Memory does not grow with the number of files. The rules and permissions for
// each file are those of [Client.CopyFile]. The service does not promise an order within a
// job, nor that a missing source ends a job with an error.
//
// An error ends the sequence. It is a [*BatchError], which has the number of files in jobs
// that were started, and wraps the reason. An invalid entry is an [*ArgumentError] whose field
// counts from 0 over all files, such as "files[1234].source"; the jobs before it are started
// then. A lost answer is repeated, which may copy the files of that job twice, to the same
// effect. Other errors and retries are those of [Client.CopyFile]. When ctx ends, no further
// job is started; those that were go on. Ranging over the sequence again starts the jobs
// again.
func (c *Client) CopyFiles(ctx context.Context, files iter.Seq[FileCopy]) iter.Seq2[*Job, error] {
	return startBatches(files, maxCopies, func(first int, batch []FileCopy) (*Job, error) {
		var body gen.CopyFileBatchRequest
		for i, file := range batch {
			request, err := file.request(fmt.Sprintf("files[%d].", first+i))
			if err != nil {
				return nil, err
			}
			body.Files = append(body.Files, request)
		}
		return c.startJob(ctx, operation.CopyFileBatch, func(ctx context.Context) (*http.Response, error) {
			return c.api.calls.CopyFileBatch(ctx, c.accountID, body)
		})
	})
}

// DeleteFiles deletes the files at any number of paths. The service does it in jobs of up to
// 1000 files (DeleteFileBatch in openapi.yaml). The sequence, its cost and its errors are as
// for [Client.CopyFiles], with fields such as "files[1234]". The permissions are those of
// [Client.DeleteFile]. The service does not promise an error for files that do not
// exist. A lost answer is repeated, because what is deleted cannot be deleted again.
func (c *Client) DeleteFiles(ctx context.Context, filePaths iter.Seq[string]) iter.Seq2[*Job, error] {
	return startBatches(filePaths, maxDeletions, func(first int, batch []string) (*Job, error) {
		for i, filePath := range batch {
			if err := checkFilePath(fmt.Sprintf("files[%d]", first+i), filePath); err != nil {
				return nil, err
			}
		}
		return c.startJob(ctx, operation.DeleteFileBatch, func(ctx context.Context) (*http.Response, error) {
			return c.api.calls.DeleteFileBatch(ctx, c.accountID, gen.DeleteFileBatchRequest{Files: batch})
		})
	})
}

// FileURL returns the URL at which the CDN serves the untransformed file at filePath, properly
// escaped. It sends nothing and does not check whether the file exists. To read a file of a
// private folder, its URL is not enough; see [WithCDNAuth]. The CDN refuses URLs of more than
// 1000 bytes after the host. An invalid path is an [*ArgumentError].
func (c *Client) FileURL(filePath string) (string, error) {
	return rawURL(c.cdnURL, c.accountID, filePath)
}

// rawURL returns the URL of a file on the CDN: {cdn}/{accountId}/raw{filePath}.
func rawURL(cdn *url.URL, accountID, filePath string) (string, error) {
	if err := checkFilePath("filePath", filePath); err != nil {
		return "", err
	}
	for segment := range strings.SplitSeq(filePath, "/") {
		if segment == "." {
			return "", argumentError("filePath", `%s has "." as an element, which a URL cannot express`, quote(filePath))
		}
	}
	return cdn.String() + "/" + accountID + "/raw" + escapePath(filePath), nil
}

// escapePath encodes a file path for a URL of the CDN as encodeURIComponent of ECMAScript does,
// except that slashes stay and that "!" is encoded, because the CDN takes it for the beginning
// of a query. The escapers of net/url encode space, "+", "&", "=" and others differently.
func escapePath(path string) string {
	var escaped strings.Builder
	escaped.Grow(len(path))
	for i := range len(path) {
		if c := path[i]; unreserved(c) || c == '/' {
			escaped.WriteByte(c)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", c)
		}
	}
	return escaped.String()
}

func unreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-_.~*'()", c) >= 0
}
