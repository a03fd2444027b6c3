package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/pathvars"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

const (
	maxMetadata = 2048 // bytes of compact JSON
	defaultMIME = "application/octet-stream"
)

// newFile describes the file that a request asks to store.
type newFile struct {
	path           pathvars.Request
	original, mime string
	metadata       gen.Metadata
	tags           []string
}

// newFile checks the description of a file and returns the file with its final path.
func (s *Server) newFile(ctx context.Context, wanted newFile) (store.File, error) {
	if wanted.mime != "" && !validMIME(wanted.mime) {
		return store.File{}, refusal.Errorf(refusal.InvalidRequest, "The MIME type is malformed.")
	}
	metadata, err := compactMetadata(wanted.metadata)
	if err != nil {
		return store.File{}, err
	}
	who := callerOf(ctx)
	wanted.path.OriginalFileName = wanted.original
	at := now()
	path, err := pathvars.Resolve(wanted.path, at, who.mayOverwrite, func(path string) (bool, error) {
		_, err := s.store.File(who.account, path)
		if errors.Is(err, store.ErrNotStored) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return store.File{}, err
	}
	if err := s.checkPlace(&who, path); err != nil {
		return store.File{}, err
	}
	if err := who.checkTags(wanted.tags); err != nil {
		return store.File{}, err
	}
	file := store.File{
		AccountID: who.account, Path: path, MIME: wanted.mime,
		OriginalFileName: wanted.original, LastModified: at, Metadata: metadata, Tags: wanted.tags,
	}
	if file.MIME == "" {
		file.MIME = defaultMIME
	}
	return file, nil
}

// checkPlace refuses a path at which the caller may not store a file, or at which
// the fake cannot store one.
func (s *Server) checkPlace(who *caller, path string) error {
	if !who.mayCreate(path) {
		return &refusal.Error{Code: refusal.PermissionDenied}
	}
	if path == "/" { // names no file
		return &refusal.Error{Code: refusal.PathInvalid}
	}
	return s.checkInternal(who.account, path)
}

// checkInternal refuses a path whose files are in external storage.
func (s *Server) checkInternal(account, path string) error {
	made, err := s.store.Folders(account, store.Parent(path))
	if err != nil {
		return fmt.Errorf("finding the folders: %w", err)
	}
	if !folders.IsInternal(made) {
		return &refusal.Error{Code: refusal.StorageExternal}
	}
	return nil
}

// compactMetadata returns metadata as compact JSON and checks its size.
func compactMetadata(metadata gen.Metadata) (json.RawMessage, error) {
	if metadata == nil {
		return json.RawMessage("{}"), nil
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // otherwise < counts as six bytes
	if err := encoder.Encode(metadata); err != nil {
		return nil, fmt.Errorf("writing metadata: %w", err)
	}
	data := bytes.TrimSpace(buffer.Bytes())
	if len(data) > maxMetadata {
		return nil, &refusal.Error{Code: refusal.MetadataTooLarge, Details: map[string]any{
			"body.metadata": map[string]any{"message": fmt.Sprintf("max %d bytes", maxMetadata), "value": len(data)},
		}}
	}
	return data, nil
}

// bodyPath reads the path of a JSON request.
func bodyPath(definition gen.FilePathDefinition) pathvars.Request {
	if literal, err := definition.AsRelativeOrAbsoluteFilePath(); err == nil {
		return pathvars.Request{Literal: &literal}
	}
	path, err := definition.AsDynamicFilePath()
	if err != nil { // the request has no path
		path = gen.DynamicFilePath{}
	}
	return pathvars.Request{
		FolderPath: optional(path.FolderPath), FileName: optional(path.FileName),
		FileNameFallback:  optional(path.FileNameFallback),
		FolderVariables:   enabled(path.FolderPathVariablesEnabled),
		FileNameVariables: enabled(path.FileNameVariablesEnabled),
	}
}

// queryPath reads the path of a BasicUpload or FormDataUpload.
func queryPath(params gen.BasicUploadParams) (pathvars.Request, error) {
	path := pathvars.Request{
		Literal:    optional(value(params.FilePath)),
		FolderPath: optional(value(params.FolderPath)), FileName: optional(value(params.FileName)),
		FileNameFallback:  optional(value(params.FileNameFallback)),
		FolderVariables:   enabled(params.FolderPathVariablesEnabled),
		FileNameVariables: enabled(params.FileNameVariablesEnabled),
	}
	switch {
	case path.Literal != nil && (path.FolderPath != nil || path.FileName != nil):
		return pathvars.Request{}, refusal.Errorf(refusal.PathConflict, "filePath cannot be given together with fileName or folderPath.")
	case path.FileNameFallback != nil && path.FileName == nil:
		return pathvars.Request{}, refusal.Errorf(refusal.PathConflict, "fileNameFallback needs fileName.")
	}
	return path, nil
}

// value returns what a pointer points to, or zero for nil.
func value[T any](pointer *T) (v T) {
	if pointer != nil {
		v = *pointer
	}
	return v
}

// optional returns nil for the empty string.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// enabled returns the value of a flag that is true by default.
func enabled(flag *bool) bool { return flag == nil || *flag }

var mimePattern = regexp.MustCompile(`^[a-zA-Z0-9]+/[a-zA-Z0-9+\-._]+(?:;[^=]+=[^;]+)*$`)

// validMIME reports whether a file can be stored with a MIME type: one that the API
// description permits, and that can be sent back as a Content-Type. The pattern of
// the description alone permits line breaks and parameters that no parser reads.
func validMIME(text string) bool {
	_, _, err := mime.ParseMediaType(text)
	return err == nil && len(text) >= 3 && len(text) <= 255 && mimePattern.MatchString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
