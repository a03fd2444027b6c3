package bytescale

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
)

// transformedURL returns the URL of what a transformation makes of a file.
func (c *Client) transformedURL(transformation, filePath string, params []cdn.Option) (string, error) {
	if err := checkFilePath("filePath", filePath); err != nil {
		return "", err
	}
	links := cdn.Links{AccountID: c.accountID, CDNURL: c.cdnURL.String()}
	build, known := map[string]func(string, ...cdn.Option) (string, error){
		"image": links.Image, "video": links.Video, "audio": links.Audio, "archive": links.Archive, "antivirus": links.Antivirus,
	}[transformation]
	if !known {
		build = func(path string, params ...cdn.Option) (string, error) {
			return links.Preset(transformation, path, params...)
		}
	}
	address, err := build(filePath, params...)
	var refused *cdn.ArgumentError
	if errors.As(err, &refused) {
		return "", &ArgumentError{Field: refused.Field, Reason: refused.Reason, kind: refused.Unwrap()}
	}
	return address, err
}

// NotReadyError means that a job is at work on what [Client.ProcessFile] is to return.
type NotReadyError struct {
	// Job is the job. To wait for its end with [Job.Wait] takes a secret key; to call
	// ProcessFile again after a while does not.
	Job *Job
	// Status is how far the job is.
	Status JobStatus
}

// Error returns the job and its status.
func (e *NotReadyError) Error() string {
	return operation.ProcessFile + ": " + string(e.Job.Type) + " " + e.Job.ID + " is " + strings.ToLower(string(e.Status))
}

// ProcessFile opens what a transformation makes of the file at filePath for reading
// (ProcessFile in openapi.yaml). transformation is "image", "video", "audio", "archive" or
// "antivirus", or the name of a preset of the account. params are its parameters, in order, and
// settings of delivery, as for the URLs of package cdn. The content is streamed as by
// [Client.Download], with the same options, errors and retries; the caller closes it. Files in
// public folders need no credentials, and none are sent without [WithCDNAuth]. A result that
// the CDN has not cached is a transformation of the account's quota.
//
// Images are transformed before the answer begins. Videos, audio and virus scans are made by a
// job: until it has ended, the error is a [*NotReadyError] that names it, and a [*JobError] if
// it failed. The first call starts the job. The service does not promise how long it takes,
// nor for how long a result is cached.
//
// For a missing file or preset, and for a result that is not cached with [cdn.CacheOnly],
// errors.Is(err, [ErrNotFound]) holds. An invalid argument or option is an [*ArgumentError]. A
// file that cannot be transformed is an [*APIError].
func (c *Client) ProcessFile(ctx context.Context, transformation, filePath string, params []cdn.Option, opts ...DownloadOption) (*Download, error) {
	address, err := c.transformedURL(transformation, filePath, params)
	if err != nil {
		return nil, err
	}
	return c.downloadFrom(ctx, c.processed, address, filePath, opts)
}

// maxJobAnswer is how much of a 404 is read to find a job in it, in bytes.
const maxJobAnswer = 1 << 20

// notProcessed returns the error for an answer without a result. A 404 may hold a job.
func (c *Client) notProcessed(resp *http.Response) error {
	if resp.StatusCode != http.StatusNotFound {
		return c.apiError(operation.ProcessFile, resp)
	}
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxJobAnswer))
	if err != nil {
		return fmt.Errorf("%s: read answer: %w", operation.ProcessFile, err)
	}
	var answer gen.FileNotProcessed
	if json.Unmarshal(content, &answer) == nil && answer.Job != nil {
		summary, wrong := c.newJobSummary(resp, *answer.Job)
		if wrong != "" {
			return rest.ProtocolError(operation.ProcessFile, resp.StatusCode, "the "+wrong+" is missing or not a valid one")
		}
		return cmp.Or(summary.Err(), error(&NotReadyError{Job: c.Job(summary.Type, summary.ID), Status: summary.Status}))
	}
	resp.Body = &readAgain{Reader: bytes.NewReader(content), Closer: resp.Body}
	return c.apiError(operation.ProcessFile, resp)
}

// readAgain is a body that was read.
type readAgain struct {
	io.Reader
	io.Closer
}

// SavedFile is what [Client.ProcessFileAndSave] returns (ProcessFileAndSaveResponse in
// openapi.yaml).
type SavedFile struct {
	// FilePath is the full path of the result; empty if a job makes it.
	FilePath string
	// FileURL is the address of the result on the CDN; empty if a job makes it.
	FileURL string
	// Summary is the content of the result, if that is a JSON object; otherwise nil. Numbers
	// are [json.Number].
	Summary map[string]any
	// Job is the job that makes the result; nil if the result is stored. [Job.Wait] waits
	// for its end. Where the result is then stands in its summary, by a name that the
	// service does not document ("filePath").
	Job *Job
}

// saveSettings is what the options of ProcessFileAndSave write to.
type saveSettings struct {
	fileSettings
	merge        bool
	mainFileOnly bool
	params       gen.TransformationGroups
}

// saveOption is an option of ProcessFileAndSave alone.
type saveOption func(*saveSettings) error

func (o saveOption) applySave(s *saveSettings) error { return o(s) }

// WithMerge adds what [WithMetadata] and [WithTags] set to the metadata and tags of the file
// that is transformed. The default is to replace them.
func WithMerge() SaveOption {
	return saveOption(func(s *saveSettings) error {
		s.merge = true
		return nil
	})
}

// WithMainFileOnly gives what [WithMetadata] and [WithTags] set to the main result alone. The
// default is to give it to all files that the transformation makes, such as the segments of a
// video.
func WithMainFileOnly() SaveOption {
	return saveOption(func(s *saveSettings) error {
		s.mainFileOnly = true
		return nil
	})
}

// maxExtendedParams is the longest JSON of extendedParams, in bytes (400 KB in openapi.yaml).
const maxExtendedParams = 400 << 10

// WithExtendedParams sets further parameters of the transformation, which follow the others
// (TransformationParams in openapi.yaml). They are sent in the body of the request, so that
// they may have 400 KiB as JSON, where a URL has at most 1000 bytes. A name can come only once
// in a group.
func WithExtendedParams(groups ...gen.TransformationGroup) SaveOption {
	return saveOption(func(s *saveSettings) error {
		encoded, err := json.Marshal(gen.TransformationGroups(groups))
		switch {
		case err != nil:
			return argumentError("extendedParams", "cannot be encoded to JSON: %v", err)
		case len(encoded) > maxExtendedParams:
			return argumentError("extendedParams", "has %d bytes as JSON; %d are allowed", len(encoded), maxExtendedParams)
		}
		s.params = groups
		return nil
	})
}

func newSaveSettings(opts []SaveOption) (s saveSettings, err error) {
	if err := applyAll(opts, func(o SaveOption) error { return o.applySave(&s) }); err != nil {
		return s, err
	}
	return s, s.check()
}

// body returns the body of the request.
func (s *saveSettings) body() ([]byte, error) {
	destination, err := s.definition()
	if err != nil {
		return nil, err
	}
	request := gen.ProcessFileAndSaveRequest{Destination: destination, ExtendedParams: s.params}
	if s.metadata != nil {
		request.Metadata = &gen.CopyableArtifactMetadata{Merge: s.merge, Value: s.metadata, SetForAllArtifacts: unless(s.mainFileOnly)}
	}
	if s.tags != nil {
		request.Tags = &gen.CopyableArtifactTags{Merge: s.merge, Value: s.tags, SetForAllArtifacts: unless(s.mainFileOnly)}
	}
	return json.Marshal(request)
}

// ProcessFileAndSave transforms the file at filePath and stores the result as a new file
// (ProcessFileAndSave in openapi.yaml). transformation is "image", "video", "audio", "archive"
// or "antivirus", or the name of a preset of the account. params are its parameters, in order,
// as for the URLs of package cdn; settings of delivery, such as [cdn.Version], are refused.
// [WithExtendedParams] takes long ones.
//
// Images are transformed before the call returns. Videos, audio and virus scans take longer:
// [SavedFile.Job] is then set. The options say where the result is stored and what with it;
// see [Client.Upload]. Without [WithMetadata] or [WithTags], those of the source are to be
// kept; the service does not promise it. Further results, such as the segments of a video,
// are stored below the path of the main one.
//
// The client's credentials are sent to the CDN. They must be allowed to read the file in this
// transformation, to create the result, and to overwrite it if it is there: a secret key is. A
// call is a transformation of the account's quota.
//
// For a missing file or preset errors.Is(err, [ErrNotFound]) holds. An invalid argument or
// option is an [*ArgumentError]. A file that cannot be transformed is an [*APIError]. Retries,
// lost answers and the end of ctx are as for [Client.UploadFromURL]: only to a fixed path is
// the call repeated after a lost answer.
func (c *Client) ProcessFileAndSave(ctx context.Context, transformation, filePath string, params []cdn.Option, opts ...SaveOption) (*SavedFile, error) {
	address, err := c.saveURL(transformation, filePath, params)
	if err != nil {
		return nil, err
	}
	settings, err := newSaveSettings(opts)
	if err != nil {
		return nil, err
	}
	body, err := settings.body()
	if err != nil {
		return nil, err
	}
	var saved SavedFile
	err = c.change(ctx, operation.ProcessFileAndSave, settings.fixed(), func(ctx context.Context) error {
		var answer gen.ProcessFileAndSaveResponse
		resp, err := c.post(ctx, address, body)
		if err = c.decode(operation.ProcessFileAndSave, resp, err, &answer); err != nil {
			return err
		}
		saved, err = c.newSavedFile(resp, answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &saved, nil
}

// deliverySettings are the parameters of a URL that are not those of a transformation.
var deliverySettings = regexp.MustCompile(`^(?:a|artifact|cache|cache-(?:only|perm|ttl|ttl-404)|exp|version|v|download|meta-.*)=`)

// saveURL returns the URL to which a transformation is posted.
func (c *Client) saveURL(transformation, filePath string, params []cdn.Option) (string, error) {
	address, err := c.transformedURL(transformation, filePath, params)
	if err != nil {
		return "", err
	}
	path, query, _ := strings.Cut(address, "?")
	if strings.Contains(path, "!") {
		return "", argumentError("params", "a query bang is for links to results, not for stored ones")
	}
	for param := range strings.SplitSeq(query, "&") {
		if deliverySettings.MatchString(param) {
			name, _, _ := strings.Cut(param, "=")
			return "", argumentError(name, "is about how a result is delivered, and means nothing for one that is stored")
		}
	}
	account := c.cdnURL.String() + "/" + c.accountID
	return account + "/save" + strings.TrimPrefix(address, account), nil
}

// post sends JSON to the CDN, with the credentials.
func (c *Client) post(ctx context.Context, address string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.rest.CallCDN(req, operation.ProcessFileAndSave)
	return resp, publicError(err)
}

// newSavedFile converts what the CDN sent.
func (c *Client) newSavedFile(resp *http.Response, from gen.ProcessFileAndSaveResponse) (SavedFile, error) {
	if from.Job != nil {
		job := c.Job(JobType(from.Job.JobType), from.Job.JobID)
		if checkJob(job.Type, job.ID) != nil {
			return SavedFile{}, rest.ProtocolError(operation.ProcessFileAndSave, resp.StatusCode, "the job id or type is missing or not a valid one")
		}
		return SavedFile{Job: job}, nil
	}
	saved := from.Saved
	wrong := checkStored(StoredFile{FilePath: saved.FilePath, FileURL: saved.FileURL})
	return SavedFile{FilePath: saved.FilePath, FileURL: saved.FileURL, Summary: saved.Summary}, answerError(operation.ProcessFileAndSave, wrong)
}

// ResetCache starts a job that removes results from the caches of the CDN (ResetCache in
// openapi.yaml). The files themselves are not touched. It needs a secret key. [Job.Wait] waits
// for the end of the job; the service does not promise when the removal has reached all
// its servers.
//
// pattern is a path of the CDN without the account, but with the transformation, such as
// "/raw/a.jpg"; "*" at its end stands for any further characters, so that "/image/photos/*" is
// every image of a folder and "/*" is everything. It has at most 1000 characters. edge is about
// the caches near the readers, permanent about the one that keeps results of transformations.
// What is removed from the latter has to be made again, which counts as a transformation.
//
// An invalid pattern, or neither cache, is an [*ArgumentError]. The call is repeated after a
// lost answer, because the second job finds the caches empty. When ctx ends, a job that was
// started goes on. Other errors and retries are those of [Client.GetFileDetails].
func (c *Client) ResetCache(ctx context.Context, pattern string, edge, permanent bool) (*Job, error) {
	if err := checkText("pattern", pattern, 1, 1000); err != nil {
		return nil, err
	}
	switch {
	case !cachePattern.MatchString(pattern):
		return nil, argumentError("pattern", `%s does not begin with a slash, or has "*" elsewhere than at its end`, quote(pattern))
	case !edge && !permanent:
		return nil, argumentError("edge", "is false, and so is permanent: there is nothing to reset")
	}
	request := gen.ResetCacheRequest{Pattern: pattern, ResetEdgeCache: edge, ResetPermanentCache: permanent}
	return c.startJob(ctx, operation.ResetCache, func(ctx context.Context) (*http.Response, error) {
		return c.api.calls.ResetCache(ctx, c.accountID, request)
	})
}

var cachePattern = regexp.MustCompile(`^/[^*]*\*?$`)
