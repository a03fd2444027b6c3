package bytescale

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
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
	// millisecond.
	LastModified time.Time `json:"lastModified"`
	// Metadata is what [WithMetadata] of the upload set; empty, not nil, if that was
	// nothing. Numbers are [json.Number], so that integers above 2^53 stay exact.
	Metadata map[string]any `json:"metadata"`
	// MIME is the MIME type; "application/octet-stream" if the upload set none.
	MIME string `json:"mime"`
	// OriginalFileName is the name of the file at its origin; empty if the upload set none.
	OriginalFileName string `json:"originalFileName"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Tags are the labels of the file; empty, not nil, if there are none.
	Tags []string `json:"tags"`
}

// UnmarshalJSON implements [json.Unmarshaler]. It keeps large integers in the metadata exact.
func (d *FileDetails) UnmarshalJSON(data []byte) error {
	type plain FileDetails // without this method
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode((*plain)(d))
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
	lost := false // the answer to an attempt that may have deleted the file was lost
	return c.retry(ctx, operation.DeleteFile, func(ctx context.Context) error {
		err := c.api.delete(ctx, filePath)
		if lost && errors.Is(err, ErrNotFound) {
			return nil
		}
		var answer *APIError
		lost = lost || !errors.As(err, &answer) || answer.Status >= 500
		return err
	})
}

// FileURL returns the URL at which the CDN serves the untransformed file at filePath, properly
// escaped. It sends nothing and does not check whether the file exists. Reading a file of a
// private folder takes more than its URL. The CDN refuses URLs of more than 1000 bytes after
// the host. An invalid path is an [*ArgumentError].
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
