package bytescale

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrCheckpoint means that a [Checkpoint] cannot be used by this client: it is
// damaged or was changed, it has another version, or it belongs to another API
// address, account or API key. Discard it and begin again with [Client.Upload].
var ErrCheckpoint = errors.New("checkpoint cannot be used")

// Checkpoint is the state of an upload that was interrupted. [Client.Resume]
// continues the upload from it, in another process too. [WithCheckpoint] and
// [UploadError] provide it.
//
// A Checkpoint encodes to JSON and back; store that JSON and do not depend on its
// fields. It holds the details of the file, with its tags and metadata, but no
// URL of a part and no credentials. A code derived from the API key protects the
// JSON: [Client.Resume] refuses a checkpoint that was changed, or that a client
// with another key made. Checkpoints of a client without an API key (see
// [WithJWT]) have no such code.
type Checkpoint struct{ state checkpointState }

// checkpointVersion is the version of the JSON form of a Checkpoint.
const checkpointVersion = 1

// checkpointState is the JSON form of a Checkpoint.
type checkpointState struct {
	Version   int         `json:"version"`
	APIURL    string      `json:"apiUrl"`
	AccountID string      `json:"accountId"`
	UploadID  string      `json:"uploadId"`
	PartCount int64       `json:"partCount"`
	File      FileDetails `json:"file"` // as it will be stored; its ETag is empty
	Source    fingerprint `json:"source"`
	Binding   string      `json:"binding,omitzero"` // to the key of a store and to the options; see WithResume
	Begun     time.Time   `json:"begun,omitzero"`
	Code      string      `json:"code,omitzero"` // authenticates the rest
}

// fingerprint identifies the content of a source without reading all of it. A
// change in the middle of a file that keeps its size and modification time is
// not detected.
type fingerprint struct {
	Size    int64     `json:"size"`
	ModTime time.Time `json:"modTime,omitzero"` // of files only
	Head    string    `json:"head"`             // SHA-256, in hex, of the first 64 KiB
	Tail    string    `json:"tail,omitzero"`    // of the last 64 KiB; empty for a Reader
}

func (f fingerprint) equal(other fingerprint) bool {
	return f.Size == other.Size && f.ModTime.Equal(other.ModTime) && f.Head == other.Head && f.Tail == other.Tail
}

// UploadID returns the service's name for the upload.
func (cp Checkpoint) UploadID() string { return cp.state.UploadID }

// File returns the details of the file as the service will store it. ETag is
// empty, because the file does not exist yet.
func (cp Checkpoint) File() FileDetails { return cp.state.File }

// MarshalJSON implements [json.Marshaler].
func (cp Checkpoint) MarshalJSON() ([]byte, error) { return json.Marshal(cp.state) }

// UnmarshalJSON implements [json.Unmarshaler]. For JSON of another form
// errors.Is(err, [ErrCheckpoint]) holds. Whether the checkpoint is genuine is
// checked by [Client.Resume].
func (cp *Checkpoint) UnmarshalJSON(data []byte) error {
	var state checkpointState
	if err := json.Unmarshal(data, &state); err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	cp.state = state
	return nil
}

// A checkpointKey authenticates checkpoints. It is a function so that printing
// cannot reach the key; nil for a client without an API key.
type checkpointKey func(content []byte) string

func newCheckpointKey(apiKey string) (checkpointKey, error) {
	if apiKey == "" {
		return nil, nil
	}
	key, err := hkdf.Key(sha256.New, []byte(apiKey), nil, "bytescale-go checkpoint", sha256.Size)
	if err != nil {
		return nil, err
	}
	return func(content []byte) string {
		mac := hmac.New(sha256.New, key)
		mac.Write(content)
		return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}, nil
}

// code returns the code for a state, empty if there is no key.
func (k checkpointKey) code(state checkpointState) (string, error) {
	if k == nil {
		return "", nil
	}
	state.Code = ""
	content, err := json.Marshal(state) // sorts the metadata, so that a store may reorder it
	if err != nil {
		return "", err
	}
	return k(content), nil
}

// check refuses a checkpoint that this client cannot resume.
func (cp *Checkpoint) check(c *Client) error {
	s := &cp.state
	code, err := c.checkpointKey.code(*s)
	switch {
	case s.Version != checkpointVersion:
		return badCheckpoint("version", "%d is not known; this package reads version %d", s.Version, checkpointVersion)
	case s.APIURL != c.checkpointURL():
		return badCheckpoint("apiUrl", "it is for %s, this client is for %s", quote(s.APIURL), c.checkpointURL())
	case s.AccountID != c.accountID:
		return badCheckpoint("accountId", "it is for account %s, this client is for %s", quote(s.AccountID), c.accountID)
	case err != nil:
		return badCheckpoint("file", "it cannot be encoded: %v", err)
	case !hmac.Equal([]byte(code), []byte(s.Code)):
		return badCheckpoint("code", "it was changed, or a client with another API key made it")
	case !plainID(s.UploadID):
		return badCheckpoint("uploadId", "%s is not an upload id", quote(s.UploadID))
	case s.Source.Size < 0 || s.Source.Size != s.File.Size:
		return badCheckpoint("source.size", "%d, but the file has %d bytes", s.Source.Size, s.File.Size)
	case s.PartCount < 1 || s.PartCount > max(1, s.Source.Size):
		return badCheckpoint("partCount", "%d parts for %d bytes", s.PartCount, s.Source.Size)
	}
	return nil
}

func badCheckpoint(field, format string, args ...any) error {
	return &ArgumentError{Field: "checkpoint." + field, Reason: fmt.Sprintf(format, args...), kind: ErrCheckpoint}
}

// checkpointURL is the address of the API as checkpoints note it.
func (c *Client) checkpointURL() string { return c.apiURL.String() }
