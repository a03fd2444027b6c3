package bytescale

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/source"
)

// UploadOption configures one upload; see [Client.Upload]. If an option is given
// twice, the last one counts, except for [WithTags].
type UploadOption interface {
	applyUpload(*uploadSettings) error
}

// ResumeOption configures [Client.Upload] and [Client.Resume] alike.
type ResumeOption interface {
	UploadOption
	applyResume(*transferSettings) error
}

// URLUploadOption configures [Client.UploadFromURL]. If an option is given twice, the last one
// counts, except for [WithTags].
type URLUploadOption interface {
	applyURLUpload(*urlUploadSettings) error
}

// SaveOption configures [Client.ProcessFileAndSave]. If an option is given twice, the last one
// counts, except for [WithTags].
type SaveOption interface {
	applySave(*saveSettings) error
}

// ContentOption configures [Client.Upload] and [Client.UploadFromURL] alike.
type ContentOption interface {
	UploadOption
	URLUploadOption
}

// FileOption configures all calls that make one file: [Client.Upload], [Client.UploadFromURL]
// and [Client.ProcessFileAndSave].
type FileOption interface {
	ContentOption
	SaveOption
}

// contentOption is an option of Upload and of UploadFromURL.
type contentOption func(*fileSettings) error

func (o contentOption) applyUpload(s *uploadSettings) error       { return o(&s.fileSettings) }
func (o contentOption) applyURLUpload(s *urlUploadSettings) error { return o(&s.fileSettings) }

// fileOption is an option of all calls that make one file.
type fileOption func(*fileSettings) error

func (o fileOption) applyUpload(s *uploadSettings) error       { return o(&s.fileSettings) }
func (o fileOption) applyURLUpload(s *urlUploadSettings) error { return o(&s.fileSettings) }
func (o fileOption) applySave(s *saveSettings) error           { return o(&s.fileSettings) }

// uploadOption is an option of Upload alone.
type uploadOption func(*uploadSettings) error

func (o uploadOption) applyUpload(s *uploadSettings) error { return o(s) }

// sourceOption is an option of Upload and of Resume, about the source.
type sourceOption func(*transferSettings) error

func (o sourceOption) applyUpload(s *uploadSettings) error   { return o(&s.transferSettings) }
func (o sourceOption) applyResume(s *transferSettings) error { return o(s) }

// applyAll applies the options that are not nil, in their order, up to the first error.
func applyAll[O any](opts []O, apply func(O) error) error {
	for _, opt := range opts {
		if any(opt) == nil {
			continue
		}
		if err := apply(opt); err != nil {
			return err
		}
	}
	return nil
}

// transferSettings is what the options of every transfer write to.
type transferSettings struct {
	progress  func(Progress)
	sha256    bool
	readLimit *source.ReadLimit
}

func newTransferSettings(opts []ResumeOption) (s transferSettings, err error) {
	err = applyAll(opts, func(o ResumeOption) error { return o.applyResume(&s) })
	return s, err
}

// fileSettings is what the options of a new file write to.
type fileSettings struct {
	folder, fileName, fallback string
	path                       string
	tags                       []string
	metadata                   gen.Metadata
	mime                       string
	originalFileName           string
}

// uploadSettings is what the options of an upload write to.
type uploadSettings struct {
	transferSettings
	fileSettings
	checkpoint func(Checkpoint) error
	single     int64 // the largest file to store by one request; 0 for none
	resume     struct {
		store CheckpointStore // nil without WithResume
		key   string
	}
}

func newUploadSettings(opts []UploadOption) (uploadSettings, error) {
	var s uploadSettings
	if err := applyAll(opts, func(o UploadOption) error { return o.applyUpload(&s) }); err != nil {
		return s, err
	}
	return s, s.check()
}

// check returns an error for options that do not go together.
func (s *fileSettings) check() error {
	switch {
	case s.path != "" && (s.folder != "" || s.fileName != "" || s.fallback != ""):
		return argumentError("path", "is the whole path; leave WithFolder, WithFileName and WithFileNameFallback out")
	case s.fallback != "" && s.fileName == "":
		return argumentError("fileNameFallback", "needs WithFileName: it is for when that name is taken")
	}
	return nil
}

// definition returns where to store the file; the zero value for the defaults of the key.
func (s *fileSettings) definition() (path gen.FilePathDefinition, err error) {
	switch {
	case s.path != "":
		err = path.FromRelativeOrAbsoluteFilePath(s.path)
	case s.folder != "" || s.fileName != "":
		err = path.FromDynamicFilePath(gen.DynamicFilePath{
			FolderPath:       s.folder,
			FileName:         s.fileName,
			FileNameFallback: s.fallback,
		})
	}
	return path, err
}

// fixed returns whether the file goes to the same path each time. Otherwise the service chooses
// the path, wholly or in part, and a second file would get another one.
func (s *fileSettings) fixed() repetition {
	if s.path != "" {
		return repetition(s.path[0] == '/')
	}
	return repetition(strings.HasPrefix(s.folder, "/") && s.fileName != "" && s.fallback == "" && !strings.Contains(s.folder+s.fileName, "{"))
}

// beginRequest returns the request that begins the upload of size bytes. name is that of the
// source. It is sent as the original file name if no option sets one and the API allows it.
func (s *uploadSettings) beginRequest(size int64, name string) (gen.BeginMultipartUploadRequest, error) {
	request := gen.BeginMultipartUploadRequest{
		Metadata:         s.metadata,
		MIME:             s.mime,
		OriginalFileName: s.originalFileName,
		// With protocol 1.0, a small file can exist before its completion.
		Protocol: gen.MultipartUploadProtocolV11,
		Size:     size,
		Tags:     s.tags,
	}
	if request.OriginalFileName == "" && checkOriginalFileName(name) == nil {
		request.OriginalFileName = name
	}
	var err error
	request.Path, err = s.definition()
	return request, err
}

// maxSingle is the most that WithSingleRequest takes: a request that breaks starts over.
const maxSingle = 16 << 20

// singlePath returns the path at which a single request may store a source, or the reason why
// it may not: the file would be another one than with parts, or the request could not be
// repeated.
func (s *uploadSettings) singlePath(in *source.Opened) (string, error) {
	path := s.path
	if path == "" {
		path = strings.TrimSuffix(s.folder, "/") + "/" + s.fileName
	}
	switch {
	case in.Stream != nil:
		return "", errors.New("the source is a Reader that cannot be read again")
	case in.Size == 0:
		return "", errors.New("the file is empty, and the operation takes no empty body")
	case !bool(s.fixed()):
		return "", errors.New("the path is not fixed: it must begin with a slash and have neither variables nor a fallback")
	case checkText("path", path, 1, maxPath) != nil:
		return "", errors.New("folder and name together are too long")
	case s.mime == "":
		return "", errors.New("the MIME type is not set, and the operation needs one")
	case len(s.tags) > 0 || len(s.metadata) > 0 || s.originalFileName != "":
		return "", errors.New("tags, metadata and an original file name are not documented for the operation")
	}
	return path, nil
}

// WithFolder sets the folder to store the file in, at most 512 characters without a slash at
// the end (RelativeOrAbsoluteFolderPath in openapi.yaml). A folder that does not begin with a
// slash is relative to the default folder of the API key, which is also the default. Missing
// folders are created. An empty folder means the default.
//
// When the upload begins, the service replaces path variables such as {UTC_DATE}, {UTC_YEAR}
// and {ORIGINAL_FILE_NAME}. A literal brace is written \{. WithFolder cannot be combined with
// [WithPath].
func WithFolder(folder string) FileOption {
	return fileOption(func(s *fileSettings) error {
		if err := checkPath("folder", folder); err != nil {
			return err
		}
		if strings.HasSuffix(folder, "/") && folder != "/" {
			return argumentError("folder", "%s ends with a slash", quote(folder))
		}
		s.folder = folder
		return nil
	})
}

// WithFileName sets the name to store the file under, at most 512 characters without a slash
// (FileName in openapi.yaml). The default is that of the API key, which usually makes a
// unique name of the time and the original name. An empty name means the default.
//
// Path variables are replaced as in [WithFolder], among them {ORIGINAL_FILE_EXT} and
// {UNIQUE_DIGITS_4}. A name that is taken is refused with 403, unless the credentials may
// overwrite files; see [WithFileNameFallback]. WithFileName cannot be combined with
// [WithPath].
func WithFileName(name string) FileOption {
	return fileOption(func(s *fileSettings) error {
		if err := checkFileName("fileName", name); err != nil {
			return err
		}
		s.fileName = name
		return nil
	})
}

// WithFileNameFallback sets the name to use if that of [WithFileName] is taken. It follows the
// same rules. The default is no fallback, as is an empty name.
func WithFileNameFallback(name string) FileOption {
	return fileOption(func(s *fileSettings) error {
		if err := checkFileName("fileNameFallback", name); err != nil {
			return err
		}
		s.fallback = name
		return nil
	})
}

// WithPath sets the full path to store the file under, 1 to 512 characters
// (RelativeOrAbsoluteFilePath in openapi.yaml). It is taken literally, so that braces have no
// meaning. It ends with the name of the file and has no ".." in it. A path that does not begin
// with a slash is relative to the default folder of the API key.
//
// A file that has the path already is replaced, if the credentials may overwrite files: a
// secret key may, without being asked again, and a public key with a JWT that grants it
// ([WithJWT]). Otherwise the upload is refused with 403. The API has no way to store a file
// only if the path is free. If several uploads may choose the same path, use [WithFileName]
// with a variable such as {UNIQUE_DIGITS_8}.
func WithPath(path string) FileOption {
	return fileOption(func(s *fileSettings) error {
		if err := checkText("path", path, 1, maxPath); err != nil {
			return err
		}
		if err := checkPath("path", path); err != nil {
			return err
		}
		if strings.HasSuffix(path, "/") {
			return argumentError("path", "%s has no file name at its end", quote(path))
		}
		s.path = path
		return nil
	})
}

const (
	maxTags     = 25
	maxMetadata = 2048
)

// WithTags adds tags, at most 25 to a file over all uses of the option. Each has 1 to 255 of
// the characters a-z A-Z 0-9 . , / = _ + - (FileTagName in openapi.yaml). A tag labels the file
// and can trigger rules of the account.
func WithTags(tags ...string) FileOption {
	return fileOption(func(s *fileSettings) error {
		if n := len(s.tags) + len(tags); n > maxTags {
			return argumentError("tags", "%d are too many; a file has at most %d", n, maxTags)
		}
		for i, tag := range tags {
			if err := checkTag("tags["+strconv.Itoa(len(s.tags)+i)+"]", tag); err != nil {
				return err
			}
		}
		s.tags = append(s.tags, tags...)
		return nil
	})
}

func checkTag(field, tag string) error {
	if err := checkText(field, tag, 1, 255); err != nil {
		return err
	}
	if !tagPattern.MatchString(tag) {
		return argumentError(field, "%s contains other characters than a-z A-Z 0-9 . , / = _ + -", quote(tag))
	}
	return nil
}

// WithMetadata sets the JSON object that is stored with the file and returned in its details,
// at most 2048 bytes as compact JSON (FileMetadata in openapi.yaml). It is copied when Upload
// is called. A value that cannot be encoded to JSON is refused. The default is an empty object.
func WithMetadata(metadata map[string]any) FileOption {
	return fileOption(func(s *fileSettings) (err error) {
		s.metadata, err = copyMetadata("metadata", metadata)
		return err
	})
}

// copyMetadata checks metadata and returns a copy that the caller cannot change.
func copyMetadata(field string, metadata map[string]any) (gen.Metadata, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false) // counts <, > and & as one byte each
	if err := encoder.Encode(metadata); err != nil {
		return nil, argumentError(field, "cannot be encoded to JSON: %v", err)
	}
	if n := encoded.Len() - 1; n > maxMetadata {
		return nil, argumentError(field, "has %d bytes as JSON; %d are allowed", n, maxMetadata)
	}
	var object gen.Metadata
	if err := json.Unmarshal(encoded.Bytes(), &object); err != nil {
		return nil, argumentError(field, "cannot be encoded to JSON: %v", err)
	}
	return object, nil
}

// WithMIME sets the MIME type, such as "image/jpeg" or "text/plain; charset=utf-8", 3 to 255
// characters (MimeType in openapi.yaml). The type is not guessed. Without the option, or with
// an empty type, the service stores "application/octet-stream".
func WithMIME(mime string) ContentOption {
	return contentOption(func(s *fileSettings) error {
		if mime == "" {
			s.mime = ""
			return nil
		}
		if err := checkText("mime", mime, 3, 255); err != nil {
			return err
		}
		if !mimePattern.MatchString(mime) {
			return argumentError("mime", "%s does not match %s", quote(mime), mimePattern)
		}
		s.mime = mime
		return nil
	})
}

// WithOriginalFileName sets the name that the file has at its origin, at most 255 characters on
// one line (OriginalFileName in openapi.yaml). It is stored in the details and sets the path
// variables {ORIGINAL_FILE_NAME} and {ORIGINAL_FILE_EXT}. The default, also for an empty name,
// is the base name of a [File] or [OpenedFile], and none for other sources.
func WithOriginalFileName(name string) ContentOption {
	return contentOption(func(s *fileSettings) error {
		if err := checkOriginalFileName(name); name != "" && err != nil {
			return err
		}
		s.originalFileName = name
		return nil
	})
}

func checkOriginalFileName(name string) error {
	return checkText("originalFileName", name, 1, 255)
}

// WithProgress sets a function that is called with the progress of the upload or download: at
// the beginning, for every confirmed part of an upload, at the end, and in between at most
// every tenth of a second. For a directory, it gets the sums over all files that were found, at
// most every tenth of a second and at the end. Calls do not overlap, and none follows after the
// call or the sequence has ended. The function must be quick, because the transfer waits for it.
// The default is nil, for none.
func WithProgress(report func(Progress)) ProgressOption { return progressOption(report) }

// WithReadTimeout limits how long the upload waits for bytes of a [Reader] or [Stream]. A
// client that goes silent then ends its own upload, with a [*SourceError] for which
// errors.Is(err, [os.ErrDeadlineExceeded]) holds. One that is slow and steady is not cut.
// A service that passes on what its callers send should set it:
//
//	bytescale.WithReadTimeout(30*time.Second, http.NewResponseController(w).SetReadDeadline)
//
// setReadDeadline makes the Read in progress, and later ones, fail at a time. It is called
// before each Read. When the context of the upload ends, it is called with a time that has
// passed, so that the upload does not wait for a silent source. At the end of the source it
// is called with the zero time. The method of that name of [net/http.ResponseController],
// of a [net.Conn] and of the read end of an [os.Pipe] will do. Its error ends the upload.
//
// The timeout must be above zero. The default is no limit. Sources that are read in place
// ignore the option.
func WithReadTimeout(timeout time.Duration, setReadDeadline func(time.Time) error) ResumeOption {
	return sourceOption(func(s *transferSettings) error {
		switch {
		case timeout <= 0:
			return argumentError("readTimeout", "%v is not above zero", timeout)
		case setReadDeadline == nil:
			return argumentError("readTimeout", "the function that sets the deadline is nil")
		}
		s.readLimit = &source.ReadLimit{Timeout: timeout, SetDeadline: setReadDeadline}
		return nil
	})
}

// WithCheckpoint sets a function that is called with what [Client.Resume] needs: once, when
// the upload has begun, and before any bytes are sent. The upload waits for it, and ends with
// its error. An upload of a single part has no checkpoint. The default is nil, for none; then
// only the [UploadError] of an upload that fails has the checkpoint.
func WithCheckpoint(save func(Checkpoint) error) UploadOption {
	return uploadOption(func(s *uploadSettings) error {
		s.checkpoint = save
		return nil
	})
}

// WithSingleRequest stores a file of up to maxBytes by one request (BasicUpload in openapi.yaml)
// instead of three, where that makes the same file and can be repeated. For many small files, the
// account's rate of API calls and the latency are the whole cost; a file in parts takes two API
// calls and a PUT, one after the other. maxBytes is at most 16 MiB, because a request that breaks
// starts over. The default, also for 0, is that every file is sent in parts.
//
// The file is sent in one request if
//
//   - its size is known, not zero, and at most maxBytes,
//   - its source can be read again, as all can but a [Reader] that is not read in place,
//   - its path is fixed: an absolute [WithPath], or an absolute [WithFolder] and a [WithFileName]
//     without braces and without a fallback,
//   - [WithMIME] is set, because the operation needs a type,
//   - and there are no [WithTags], [WithMetadata] or [WithOriginalFileName], because the vendor
//     documents none of them for the operation.
//
// Otherwise a file of up to maxBytes is sent in parts, and [EventNoSingleRequest] tells why. The
// name of a [File] or [OpenedFile] is not sent as the original file name by a single request.
//
// The request counts as an API call and as a PUT, with the limits of both. It is retried as a part
// is. If its answer was lost, the repeated request replaces the file by the same one. If the
// credentials may not overwrite files, it is refused with 403 instead, and Upload returns an
// [*UploadError] whose MayExist is set, without an UploadID. So it does if all attempts were lost.
// The last bytes are sent when the source has proved unchanged, so that no other file is stored.
//
// The answer tells the account, path, URL and etag. In the [FileDetails], LastModified is zero,
// OriginalFileName empty, Metadata and Tags are empty, and MIME and Size are those that were sent;
// [Client.GetFileDetails] returns what the service knows. There is nothing to keep for [WithResume]
// and [WithCheckpoint], which are not asked. All other options work as with parts.
func WithSingleRequest(maxBytes int64) UploadOption {
	return uploadOption(func(s *uploadSettings) error {
		if maxBytes < 0 || maxBytes > maxSingle {
			return argumentError("singleRequest", "%d bytes are outside 0..%d", maxBytes, maxSingle)
		}
		s.single = maxBytes
		return nil
	})
}

var (
	tagPattern  = regexp.MustCompile(`^[a-zA-Z0-9.,/=_+-]*$`)
	mimePattern = regexp.MustCompile(`^[a-zA-Z0-9]+/[a-zA-Z0-9+\-._]+(?:;[^=]+=[^;]+)*$`)
)
