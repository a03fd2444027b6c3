package bytescale

import (
	"encoding/json"
	"time"
)

// checkpointVersion is the version of the JSON form of a Checkpoint.
const checkpointVersion = 1

// Checkpoint is what is needed to go on with an upload that was interrupted, in
// another process if need be; see [WithCheckpoint] and [Client.Resume]. It is
// plain data that encodes to JSON and back. It holds no URL of a part and no
// credentials; its request holds the tags and metadata that were given.
type Checkpoint struct {
	// Version is the version of this form: 1.
	Version int `json:"version"`
	// APIURL and AccountID say where the upload is under way. Only a client
	// with the same ones can resume it.
	APIURL    string `json:"apiUrl"`
	AccountID string `json:"accountId"`
	// Request is the body of the BeginMultipartUpload call.
	Request json.RawMessage `json:"request"`
	// File is the file as it will be stored. Its ETag is empty.
	File FileDetails `json:"file"`
	// UploadID and PartCount are the service's name for the upload and the
	// number of its parts.
	UploadID  string `json:"uploadId"`
	PartCount int64  `json:"partCount"`
	// Source tells whether a source still is the one that was announced.
	Source Fingerprint `json:"source"`
}

// Fingerprint identifies the content of a source without reading all of it. A
// change in the middle of a file that keeps size and modification time is not
// seen.
type Fingerprint struct {
	// Size is in bytes.
	Size int64 `json:"size"`
	// ModTime is the modification time of a [File]; zero for other sources.
	ModTime time.Time `json:"modTime,omitzero"`
	// Head and Tail are the SHA-256, in hex, of the first and of the last
	// 64 KiB (of all bytes, if there are fewer). Tail is empty for a [Reader].
	Head string `json:"head"`
	Tail string `json:"tail,omitzero"`
}

func (f Fingerprint) equal(other Fingerprint) bool {
	return f.Size == other.Size && f.ModTime.Equal(other.ModTime) && f.Head == other.Head && f.Tail == other.Tail
}

// check refuses a checkpoint that this client cannot resume.
func (cp *Checkpoint) check(c *Client) error {
	switch {
	case cp.Version != checkpointVersion:
		return refuse("checkpoint.version", "%d is not known; this version reads %d", cp.Version, checkpointVersion)
	case cp.APIURL != c.checkpointURL():
		return refuse("checkpoint.apiUrl", "it is for %s, this client is for %s", cp.APIURL, c.checkpointURL())
	case cp.AccountID != c.accountID:
		return refuse("checkpoint.accountId", "it is for account %s, this client is for %s", cp.AccountID, c.accountID)
	case !plainID(cp.UploadID):
		return refuse("checkpoint.uploadId", "%q is not an upload id", cp.UploadID)
	case cp.Source.Size < 0 || cp.Source.Size != cp.File.Size:
		return refuse("checkpoint.source.size", "%d, but the file has %d bytes", cp.Source.Size, cp.File.Size)
	case cp.PartCount < 1 || cp.PartCount > max(1, cp.Source.Size):
		return refuse("checkpoint.partCount", "%d parts for %d bytes", cp.PartCount, cp.Source.Size)
	}
	return nil
}

// checkpointURL is the address of the API as checkpoints note it.
func (c *Client) checkpointURL() string { return c.apiURL.String() }
