package bytescale

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// FolderDetails is what the service knows about a folder (FolderDetails in openapi.yaml). It
// encodes to JSON and back without loss.
type FolderDetails struct {
	// FolderPath is the full path of the folder.
	FolderPath string `json:"folderPath"`
	// Virtual reports whether the folder was made with [Client.PutFolder]. Otherwise it
	// exists only as long as files are in it, or not at all: the service does not tell
	// these two apart.
	Virtual bool `json:"virtual"`
	// Settings are the folder's own settings. What is not set is empty, and so is what
	// the credentials may not read.
	Settings FolderSettings `json:"settings"`
	// SettingsInherited are those that it has from the nearest folder above that sets
	// them. Its own settings win. A description is not inherited.
	SettingsInherited InheritedSettings `json:"settingsInherited"`
}

// FolderSettings are the settings of a folder (FolderSettings in openapi.yaml).
type FolderSettings struct {
	// Description is what the folder is for, for people; empty if there is none.
	Description string `json:"description,omitempty"`
	// PublicPermissions are what anyone may do without credentials, with the files of
	// this folder and of those below it that have none of their own. Nil means that they
	// are not set: then those of a folder above hold, and everything is public if none
	// has any. An empty list that is not nil makes everything private.
	PublicPermissions []PublicPermission `json:"publicPermissions,omitzero"`
	// StorageLayer is where the files are stored, without credentials; nil if it is not
	// set. Its methods AsS3Storage and so on, and ValueByDiscriminator, return it.
	StorageLayer *gen.StorageLayerSummary `json:"storageLayer,omitempty"`
}

// InheritedSettings are the settings of a folder that one above it sets
// (FolderSettingsInherited in openapi.yaml).
type InheritedSettings struct {
	// PublicPermissions are nil, and PublicPermissionsFrom is empty, if no folder above
	// sets them; otherwise that is the path of the folder.
	PublicPermissions     []PublicPermission `json:"publicPermissions,omitzero"`
	PublicPermissionsFrom string             `json:"publicPermissionsFrom,omitempty"`
	// StorageLayer is nil, and StorageLayerFrom is empty, if no folder above sets it;
	// otherwise that is the path of the folder.
	StorageLayer     *gen.StorageLayerSummary `json:"storageLayer,omitempty"`
	StorageLayerFrom string                   `json:"storageLayerFrom,omitempty"`
}

// PublicPermission allows anyone to download some files (PublicPermissions in openapi.yaml).
type PublicPermission struct {
	// Scope is where the permission holds.
	Scope PermissionScope `json:"scope"`
	// DownloadFile names up to 10 transformations and presets in which files can be
	// downloaded. "*" at the end of a name stands for any further characters: "raw" is the
	// file as it is, "thumbnail-*" every preset that begins so, "*" everything. An empty
	// list allows nothing.
	DownloadFile []string `json:"downloadFile"`
}

// PermissionScope is where a permission of a folder holds (PathPermissionScope in
// openapi.yaml).
type PermissionScope string

// The scopes of permissions.
const (
	ScopeThis          PermissionScope = "This"           // the folder itself
	ScopeChildren      PermissionScope = "Children"       // the files and folders directly in it
	ScopeGrandchildren PermissionScope = "Grandchildren+" // everything deeper
)

// FolderEntry is a file or a folder in a list (ObjectSummary in openapi.yaml). It encodes to
// JSON and back without loss.
type FolderEntry struct {
	// Path is the full path of the file or folder.
	Path string `json:"path"`
	// IsFolder reports whether it is a folder.
	IsFolder bool `json:"isFolder"`

	// Size of a file is in bytes.
	Size int64 `json:"size,omitempty"`
	// LastModified is when a file was uploaded or last overwritten, in UTC and to the
	// millisecond. It is zero for a folder.
	LastModified time.Time `json:"lastModified,omitzero"`
	// FileURL is the address of an untransformed file on the CDN.
	FileURL string `json:"fileUrl,omitempty"`

	// Virtual reports whether a folder was made with [Client.PutFolder]. Otherwise it
	// exists only because of the files in it.
	Virtual bool `json:"virtual,omitempty"`
	// Settings are a folder's own settings.
	Settings FolderSettings `json:"settings,omitzero"`
}

// GetFolderDetails returns what the service knows about a folder (GetFolderDetails in
// openapi.yaml). The credentials must be allowed to read at least one of its settings: a
// secret key is, and a public key with a JWT that grants it ([WithJWT]). Settings that they
// may not read are left out.
//
// There is no error for a folder that does not exist, because folders need not exist. Its
// details have no settings of its own. A folder without settings may be missing, or exist only
// because of its files; list it to find out. An invalid path is an [*ArgumentError], also one
// that ends with a slash. Other errors, retries and the end of ctx are as for
// [Client.GetFileDetails].
func (c *Client) GetFolderDetails(ctx context.Context, folderPath string) (*FolderDetails, error) {
	if err := checkFolderPath("folderPath", folderPath); err != nil {
		return nil, err
	}
	var details FolderDetails
	err := c.retry(ctx, operation.GetFolderDetails, func(ctx context.Context) error {
		var answer gen.FolderDetails
		resp, err := c.api.calls.GetFolderDetails(ctx, c.accountID, &gen.GetFolderDetailsParams{FolderPath: folderPath})
		err = c.decode(operation.GetFolderDetails, resp, err, &answer)
		details = newFolderDetails(folderPath, answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &details, nil
}

// newFolderDetails converts what the API sent. The documentation speaks of an empty object for
// a folder without settings, so that nothing in it is required.
func newFolderDetails(folderPath string, from gen.FolderDetails) FolderDetails {
	inherited := from.SettingsInherited
	details := FolderDetails{
		FolderPath: cmp.Or(from.FolderPath, folderPath), Virtual: from.Virtual, Settings: newFolderSettings(from.Settings),
		SettingsInherited: InheritedSettings{
			PublicPermissionsFrom: inherited.PublicPermissions.FolderPath,
			StorageLayerFrom:      inherited.StorageLayer.FolderPath,
		},
	}
	if inherited.PublicPermissions.FolderPath != "" {
		details.SettingsInherited.PublicPermissions = newPublicPermissions(inherited.PublicPermissions.Value)
	}
	if inherited.StorageLayer.FolderPath != "" {
		details.SettingsInherited.StorageLayer = &inherited.StorageLayer.Value
	}
	return details
}

func newFolderSettings(from gen.FolderSettings) FolderSettings {
	settings := FolderSettings{Description: from.Description}
	if from.PublicPermissions != nil {
		settings.PublicPermissions = newPublicPermissions(*from.PublicPermissions)
	}
	if _, err := from.StorageLayer.Discriminator(); err == nil { // else there is none
		settings.StorageLayer = &from.StorageLayer
	}
	return settings
}

func newPublicPermissions(from gen.PublicPermissionsList) []PublicPermission {
	list := []PublicPermission{}
	for _, entry := range from {
		list = append(list, PublicPermission{
			Scope: PermissionScope(entry.Scope), DownloadFile: entry.Permissions.File.DownloadFile,
		})
	}
	return list
}

// FolderOption sets a setting of a folder; see [Client.PutFolder]. If an option is given twice,
// the last one counts.
type FolderOption func(*gen.PatchFolderSettings) error

// WithDescription sets what the folder is for: 1 to 100 characters on one line, without a
// space at either end (FolderDescription in openapi.yaml). An empty text clears it. The
// default is to leave it as it is.
func WithDescription(text string) FolderOption {
	return func(s *gen.PatchFolderSettings) error {
		if err := checkText("description", text, 0, 100); err != nil {
			return err
		}
		if text != "" && !descriptionPattern.MatchString(text) {
			return argumentError("description", "%s begins or ends with a space", quote(text))
		}
		s.Description = &gen.UpdatableFolderDescription{Set: true, Value: text}
		return nil
	}
}

// WithPublicPermissions sets what anyone may do with the files of the folder without
// credentials; see [FolderSettings.PublicPermissions]. An empty list that is not nil makes them
// private. Nil clears the setting, so that those of a folder above hold. The default is to
// leave it as it is.
func WithPublicPermissions(permissions []PublicPermission) FolderOption {
	return func(s *gen.PatchFolderSettings) error {
		update := &gen.UpdatablePublicPermissions{Set: true}
		if permissions != nil {
			update.Value = gen.PublicPermissionsList{}
		}
		for i, permission := range permissions {
			if err := checkPublicPermission(fmt.Sprintf("publicPermissions[%d]", i), permission); err != nil {
				return err
			}
			update.Value = append(update.Value, gen.PublicPermissions{
				Scope: gen.PathPermissionScope(permission.Scope),
				Permissions: gen.PublicPermissionsGrants{File: gen.FileDownloadGrants{
					DownloadFile: append([]string{}, permission.DownloadFile...),
				}},
			})
		}
		s.PublicPermissions = update
		return nil
	}
}

func checkPublicPermission(field string, permission PublicPermission) error {
	switch permission.Scope {
	case ScopeThis, ScopeChildren, ScopeGrandchildren:
	default:
		return argumentError(field+".scope", `%s is none of "This", "Children" and "Grandchildren+"`, quote(string(permission.Scope)))
	}
	if n := len(permission.DownloadFile); n > 10 {
		return argumentError(field+".downloadFile", "%d names are too many; 10 are allowed", n)
	}
	for i, name := range permission.DownloadFile {
		place := fmt.Sprintf("%s.downloadFile[%d]", field, i)
		if err := checkText(place, name, 1, 100); err != nil {
			return err
		}
		if !slugPattern.MatchString(name) {
			return argumentError(place, `%s is not the name of a transformation or preset; "*" comes at its end only`, quote(name))
		}
	}
	return nil
}

// WithStorageLayer sets where the files of the folder are stored (StorageLayerUpdate in
// openapi.yaml). Make a layer with a method such as FromS3Storage. It may hold credentials,
// which the service does not show again. Nil clears the setting; then the setting of
// a folder above holds. The default is to leave it as it is.
func WithStorageLayer(layer *gen.StorageLayerUpdate) FolderOption {
	return func(s *gen.PatchFolderSettings) error {
		s.StorageLayer = &gen.UpdatableStorageLayer{Set: true}
		if layer == nil {
			return nil
		}
		if _, err := layer.ValueByDiscriminator(); err != nil {
			return argumentError("storageLayer", "is not one that package gen describes; make it with a method such as FromS3Storage")
		}
		s.StorageLayer.Value = *layer
		return nil
	}
}

var (
	descriptionPattern = regexp.MustCompile(`^\S(.*\S)?$`)
	slugPattern        = regexp.MustCompile(`^[a-zA-Z0-9_.+=@~;%-]*\*?$`)
)

// PutFolder makes a folder or changes its settings (PutFolder in openapi.yaml), and returns its
// details. Missing folders above it are made without settings. Files can be stored in folders
// that were never made, so this is needed only for settings and for folders that stay when
// they are empty. The credentials must be allowed to create folders and to change the settings
// that are given: a secret key is, and a public key with a JWT that grants it ([WithJWT]).
//
// A folder that is there is no error, and keeps the settings that no option sets. The CDN may
// serve files for a while as if the settings were the old ones. An invalid path or option is an
// [*ArgumentError]; a path must not end with a slash. The call is repeated after a lost answer,
// because the second one changes nothing more. If it then fails,
// errors.Is(err, [ErrOutcomeUnknown]) holds. Other errors, retries and the end of ctx are as
// for [Client.GetFileDetails].
func (c *Client) PutFolder(ctx context.Context, folderPath string, opts ...FolderOption) (*FolderDetails, error) {
	if err := checkFolderPath("folderPath", folderPath); err != nil {
		return nil, err
	}
	request := gen.PutFolderRequest{FolderPath: folderPath}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&request.FolderSettings); err != nil {
			return nil, err
		}
	}
	var details FolderDetails
	err := c.change(ctx, operation.PutFolder, repeatable, func(ctx context.Context) error {
		var answer gen.FolderDetails
		resp, err := c.api.calls.PutFolder(ctx, c.accountID, request)
		err = c.decode(operation.PutFolder, resp, err, &answer)
		details = newFolderDetails(folderPath, answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &details, nil
}

// FolderCopy is one folder to copy, and what of it (CopyFolderRequest in openapi.yaml). With
// its two paths alone, everything in the folder is copied, at all levels.
type FolderCopy struct {
	// Source is the full path of the folder to copy.
	Source string
	// Destination is the full path of the copy. What is in Source is copied to it, not to
	// a folder of the same name in it.
	Destination string
	// DirectFilesOnly copies only the files directly in Source, and no folders.
	DirectFilesOnly bool
	// SkipFiles copies no files, but the virtual folders.
	SkipFiles bool
	// SkipVirtualFolders copies no folder that was made with PutFolder, and no settings.
	// The files in such folders are copied all the same.
	SkipVirtualFolders bool
	// OverriddenStorage also copies the files of folders below Source whose storage is
	// another than that of Source. It needs SkipVirtualFolders. A storage layer that Source
	// inherits is no other one.
	OverriddenStorage bool
	// Metadata and Tags are as in [FileCopy], for every file.
	Metadata      map[string]any
	MergeMetadata bool
	Tags          []string
	MergeTags     bool
}

// request returns the copy as the API wants it. prefix is what the fields of errors begin with.
func (f FolderCopy) request(prefix string) (gen.CopyFolderRequest, error) {
	request := gen.CopyFolderRequest{
		Source: f.Source, Destination: f.Destination, CopyOverriddenStorage: f.OverriddenStorage,
		CopyFiles: unless(f.SkipFiles), CopyVirtualFolders: unless(f.SkipVirtualFolders), Recursive: unless(f.DirectFilesOnly),
	}
	if err := checkFolderPath(prefix+"source", f.Source); err != nil {
		return request, err
	}
	if err := checkFolderPath(prefix+"destination", f.Destination); err != nil {
		return request, err
	}
	if f.OverriddenStorage && !f.SkipVirtualFolders {
		return request, argumentError(prefix+"overriddenStorage", "needs SkipVirtualFolders: the service copies either the storage setting of a folder or its files")
	}
	var err error
	request.Metadata, request.Tags, err = copiedData(prefix, f.Metadata, f.MergeMetadata, f.Tags, f.MergeTags)
	return request, err
}

// unless returns the value of a setting that is true by default.
func unless(off bool) *bool {
	if !off {
		return nil
	}
	return new(bool)
}

// CopyFolder starts a job that copies a folder (CopyFolder in openapi.yaml). [Job.Wait] waits
// for its end. [Client.PreviewCopyFolder] lists what would be copied. The credentials must be
// allowed to read every file, to create the copies, and to create folders: a secret key is,
// and a public key with a JWT that grants it ([WithJWT]). Files at the destination are
// replaced; the service does not promise what a job does that may not overwrite one, nor what
// it copies of files that are uploaded meanwhile. A source that does not exist is no error.
//
// An invalid path, tag or metadata is an [*ArgumentError]. The call is repeated after a lost
// answer, which may copy the folder twice, to the same effect. If it then fails,
// errors.Is(err, [ErrOutcomeUnknown]) holds. When ctx ends, a job that was started goes on.
// Other errors and retries are those of [Client.GetFileDetails].
func (c *Client) CopyFolder(ctx context.Context, folder FolderCopy) (*Job, error) {
	request, err := folder.request("")
	if err != nil {
		return nil, err
	}
	return c.startJob(ctx, operation.CopyFolder, func(ctx context.Context) (*http.Response, error) {
		return c.api.calls.CopyFolder(ctx, c.accountID, request)
	})
}

// CopyFolders copies any number of folders, in jobs of up to 100 folders (CopyFolderBatch in
// openapi.yaml). The sequence, its cost and its errors are as for [Client.CopyFiles], with
// fields such as "folders[1234].source"; everything else is as for [Client.CopyFolder].
func (c *Client) CopyFolders(ctx context.Context, folders iter.Seq[FolderCopy]) iter.Seq2[*Job, error] {
	return startBatches(folders, maxCopies, func(first int, batch []FolderCopy) (*Job, error) {
		var body gen.CopyFolderBatchRequest
		for i, folder := range batch {
			request, err := folder.request(fmt.Sprintf("folders[%d].", first+i))
			if err != nil {
				return nil, err
			}
			body.Folders = append(body.Folders, request)
		}
		return c.startJob(ctx, operation.CopyFolderBatch, func(ctx context.Context) (*http.Response, error) {
			return c.api.calls.CopyFolderBatch(ctx, c.accountID, body)
		})
	})
}

// FolderDeletion is one folder to delete, and what of it (DeleteFolderRequest in
// openapi.yaml). With its path alone, the folder and everything in it is deleted, at all
// levels. "/" is the whole account.
type FolderDeletion struct {
	// FolderPath is the full path of the folder.
	FolderPath string
	// DirectFilesOnly deletes only the files directly in the folder and the folder's own
	// settings, and nothing below.
	DirectFilesOnly bool
	// KeepFiles deletes no files, but the virtual folders.
	KeepFiles bool
	// KeepVirtualFolders deletes no folder that was made with PutFolder, and no settings.
	KeepVirtualFolders bool
}

// request returns the deletion as the API wants it. prefix is what the fields of errors begin
// with.
func (f FolderDeletion) request(prefix string) (gen.DeleteFolderRequest, error) {
	return gen.DeleteFolderRequest{
		FolderPath: f.FolderPath, DeleteFiles: unless(f.KeepFiles), DeleteVirtualFolders: unless(f.KeepVirtualFolders),
		Recursive: unless(f.DirectFilesOnly),
	}, checkFolderPath(prefix+"folderPath", f.FolderPath)
}

// DeleteFolder starts a job that deletes a folder (DeleteFolder in openapi.yaml). [Job.Wait]
// waits for its end. [Client.PreviewDeleteFolder] lists what would be deleted. The credentials
// must be allowed to delete files and folders: a secret key is, and a public key with a JWT
// that grants it ([WithJWT]). A folder whose storage is its own loses only that setting: its
// files stay in the external storage. A folder that does not exist is no error. The service
// does not promise what becomes of files that are uploaded meanwhile, and the CDN may serve
// deleted files from its caches for a while.
//
// An invalid path is an [*ArgumentError]. The call is repeated after a lost answer, because
// what is deleted cannot be deleted again. If it then fails,
// errors.Is(err, [ErrOutcomeUnknown]) holds. When ctx ends, a job that was started goes on.
// Other errors and retries are those of [Client.GetFileDetails].
func (c *Client) DeleteFolder(ctx context.Context, folder FolderDeletion) (*Job, error) {
	request, err := folder.request("")
	if err != nil {
		return nil, err
	}
	return c.startJob(ctx, operation.DeleteFolder, func(ctx context.Context) (*http.Response, error) {
		return c.api.calls.DeleteFolder(ctx, c.accountID, request)
	})
}

// DeleteFolders deletes any number of folders, in jobs of up to 1000 folders
// (DeleteFolderBatch in openapi.yaml). The sequence, its cost and its errors are as for
// [Client.CopyFiles], with fields such as "folders[1234].folderPath"; everything else is as for
// [Client.DeleteFolder].
func (c *Client) DeleteFolders(ctx context.Context, folders iter.Seq[FolderDeletion]) iter.Seq2[*Job, error] {
	return startBatches(folders, maxDeletions, func(first int, batch []FolderDeletion) (*Job, error) {
		var body gen.DeleteFolderBatchRequest
		for i, folder := range batch {
			request, err := folder.request(fmt.Sprintf("folders[%d].", first+i))
			if err != nil {
				return nil, err
			}
			body.Folders = append(body.Folders, request)
		}
		return c.startJob(ctx, operation.DeleteFolderBatch, func(ctx context.Context) (*http.Response, error) {
			return c.api.calls.DeleteFolderBatch(ctx, c.accountID, body)
		})
	})
}
