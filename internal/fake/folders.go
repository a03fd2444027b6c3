package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// defaultListLimit is how many entries a page of a list looks at unless the request
// says otherwise.
const defaultListLimit = 50

// PutFolder implements the operation of this name.
func (o operations) PutFolder(ctx context.Context, request fakeapi.PutFolderRequestObject) (fakeapi.PutFolderResponseObject, error) {
	path, settings := request.Body.FolderPath, request.Body.FolderSettings
	if path != "/" && strings.HasSuffix(path, "/") && !request.Body.AllowUnnamedFolder {
		return nil, &refusal.Error{Code: refusal.FolderUnnamed}
	}
	who := callerOf(ctx)
	if err := mayPut(&who, path, settings); err != nil {
		return nil, err
	}
	change, err := changeOf(settings)
	if err != nil {
		return nil, err
	}
	if err := o.store.PutFolder(request.AccountID, path, change); err != nil {
		return nil, fmt.Errorf("making the folder: %w", err)
	}
	details, err := o.folderDetails(&who, path)
	return fakeapi.PutFolder200JSONResponse(details), err
}

// mayPut refuses callers who may not make a folder or change its settings so.
func mayPut(who *caller, path string, settings gen.PatchFolderSettings) error {
	changes := []struct {
		wanted bool
		allows grantCheck
	}{
		{true, createVirtualFolder},
		{settings.Description != nil && settings.Description.Set, setDescription},
		{settings.PublicPermissions != nil && settings.PublicPermissions.Set, setPublic},
		{settings.StorageLayer != nil && settings.StorageLayer.Set, setStorage},
	}
	for _, change := range changes {
		if change.wanted && !who.granted(path, change.allows) {
			return &refusal.Error{Code: refusal.PermissionDenied}
		}
	}
	return nil
}

// changeOf returns how a request changes the settings of a folder.
func changeOf(patch gen.PatchFolderSettings) (func(json.RawMessage) json.RawMessage, error) {
	var storage json.RawMessage
	if patch.StorageLayer != nil && patch.StorageLayer.Set {
		var err error
		if storage, err = withoutCredentials(patch.StorageLayer.Value); err != nil {
			return nil, err
		}
	}
	return func(before json.RawMessage) json.RawMessage {
		settings := folders.Of(store.Folder{Settings: before})
		if patch.Description != nil && patch.Description.Set {
			settings.Description = patch.Description.Value
		}
		if patch.PublicPermissions != nil && patch.PublicPermissions.Set {
			settings.Public = permissionsOf(patch.PublicPermissions.Value)
		}
		if patch.StorageLayer != nil && patch.StorageLayer.Set {
			settings.Storage = storage
		}
		return settings.Encode()
	}, nil
}

// withoutCredentials returns a storage layer as answers show it. The fake has no
// use for credentials and does not keep them.
func withoutCredentials(layer gen.StorageLayerUpdate) (json.RawMessage, error) {
	data, err := json.Marshal(layer)
	if err != nil || string(data) == "null" {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, fmt.Errorf("reading the storage layer: %w", err)
	}
	delete(members, "credentials")
	return json.Marshal(members)
}

// permissionsOf returns what the public may download, nil if nothing is set.
func permissionsOf(list gen.PublicPermissionsList) *[]folders.Permission {
	if list == nil {
		return nil
	}
	permissions := []folders.Permission{}
	for _, entry := range list {
		permissions = append(permissions, folders.Permission{
			Scope: folders.Scope(entry.Scope), Download: entry.Permissions.File.DownloadFile,
		})
	}
	return &permissions
}

// GetFolderDetails implements the operation of this name.
func (o operations) GetFolderDetails(ctx context.Context, request fakeapi.GetFolderDetailsRequestObject) (fakeapi.GetFolderDetailsResponseObject, error) {
	who, path := callerOf(ctx), request.Params.FolderPath
	if !who.granted(path, getDescription) && !who.granted(path, getPublic) && !who.granted(path, getStorage) {
		return nil, &refusal.Error{Code: refusal.PermissionDenied}
	}
	details, err := o.folderDetails(&who, path)
	return fakeapi.GetFolderDetails200JSONResponse(details), err
}

// folderDetails describes a folder as far as the caller may see it. A folder that
// does not exist has no settings.
func (s *Server) folderDetails(who *caller, path string) (gen.FolderDetails, error) {
	made, err := s.store.Folders(who.account, path)
	if err != nil {
		return gen.FolderDetails{}, fmt.Errorf("finding the folder: %w", err)
	}
	summary, err := summarize(who, path, made)
	if err != nil {
		return gen.FolderDetails{}, err
	}
	above := made
	if len(made) > 0 && made[0].Path == path {
		above = made[1:]
	}
	details := gen.FolderDetails{
		FolderPath: path, Settings: summary.Settings, Type: gen.FolderDetailsTypeFolder, Virtual: summary.Virtual,
	}
	inherited := folders.Inherit(above)
	if inherited.Public != nil && who.granted(path, getPublic) {
		details.SettingsInherited.PublicPermissions = gen.InheritedPublicPermissions{
			FolderPath: inherited.Public.Folder, Value: permissionList(inherited.Public.Value),
		}
	}
	if inherited.Storage != nil && who.granted(path, getStorage) {
		layer := gen.InheritedStorageLayer{FolderPath: inherited.Storage.Folder}
		if err := layer.Value.UnmarshalJSON(inherited.Storage.Value); err != nil {
			return gen.FolderDetails{}, fmt.Errorf("reading the storage layer: %w", err)
		}
		details.SettingsInherited.StorageLayer = layer
	}
	return details, nil
}

// summarize describes a folder without what it inherits. made are the folders that
// were made among it and those above it, the nearest first.
func summarize(who *caller, path string, made []store.Folder) (gen.FolderSummary, error) {
	summary := gen.FolderSummary{FolderPath: path, Type: gen.FolderSummaryTypeFolder, Virtual: path == "/"}
	if len(made) == 0 || made[0].Path != path {
		return summary, nil
	}
	summary.Virtual = true
	settings := folders.Of(made[0])
	if who.granted(path, getDescription) {
		summary.Settings.Description = settings.Description
	}
	if settings.Public != nil && who.granted(path, getPublic) {
		list := permissionList(*settings.Public)
		summary.Settings.PublicPermissions = &list
	}
	if settings.Storage != nil && who.granted(path, getStorage) {
		if err := summary.Settings.StorageLayer.UnmarshalJSON(settings.Storage); err != nil {
			return gen.FolderSummary{}, fmt.Errorf("reading the storage layer: %w", err)
		}
	}
	return summary, nil
}

func permissionList(permissions []folders.Permission) gen.PublicPermissionsList {
	list := gen.PublicPermissionsList{} // a nil slice would be null in JSON
	for _, permission := range permissions {
		download := permission.Download
		if download == nil {
			download = []string{}
		}
		list = append(list, gen.PublicPermissions{
			Scope:       gen.PathPermissionScope(permission.Scope),
			Permissions: gen.PublicPermissionsGrants{File: gen.FileDownloadGrants{DownloadFile: download}},
		})
	}
	return list
}

// ListFolder implements the operation of this name.
func (o operations) ListFolder(ctx context.Context, request fakeapi.ListFolderRequestObject) (fakeapi.ListFolderResponseObject, error) {
	who, params := callerOf(ctx), request.Params
	recursive := value(params.Recursive)
	if !who.granted(params.FolderPath, listFolderChildren) ||
		recursive && !who.grantedBelow(params.FolderPath, listFolderChildren) {
		return nil, &refusal.Error{Code: refusal.PermissionDenied}
	}
	query := folders.Query{
		Account: request.AccountID, Folder: params.FolderPath, Cursor: value(params.Cursor), Limit: defaultListLimit,
		Recursive: recursive, DryRun: value(params.DryRun), Descending: o.options.ListDescending,
		Files: enabled(params.IncludeFiles), OverriddenStorage: enabled(params.IncludeOverriddenStorage),
		PhysicalFolders: enabled(params.IncludePhysicalFolders), VirtualFolders: enabled(params.IncludeVirtualFolders),
	}
	if params.Limit != nil {
		query.Limit = int(*params.Limit)
	}
	page, err := folders.List(o.store, query)
	switch {
	case errors.Is(err, folders.ErrCursor):
		return nil, &refusal.Error{Code: refusal.CursorInvalid}
	case err != nil:
		return nil, fmt.Errorf("listing the folder: %w", err)
	}
	made, err := o.store.Folders(request.AccountID, params.FolderPath)
	if err != nil {
		return nil, fmt.Errorf("finding the folder: %w", err)
	}
	answer := fakeapi.ListFolder200JSONResponse{
		Cursor: page.Cursor, IsPaginationComplete: page.Complete, Items: []gen.ObjectSummary{},
	}
	if answer.Folder, err = summarize(&who, params.FolderPath, made); err != nil {
		return nil, err
	}
	for _, entry := range page.Entries {
		item, err := itemOf(exchangeOf(ctx), &who, entry)
		if err != nil {
			return nil, err
		}
		answer.Items = append(answer.Items, item)
	}
	return answer, nil
}

// itemOf describes an entry of a list.
func itemOf(x *exchange, who *caller, entry store.Entry) (item gen.ObjectSummary, err error) {
	if !entry.Folder {
		return item, item.FromFileSummary(gen.FileSummary{
			FilePath: entry.Path, FileURL: FileURL(x.origin, entry.File), Size: entry.File.Size,
			LastModified: gen.EpochMillis(entry.File.LastModified.UnixMilli()),
		})
	}
	var made []store.Folder
	if entry.Made != nil {
		made = []store.Folder{*entry.Made}
	}
	summary, err := summarize(who, entry.Path, made)
	if err != nil {
		return item, err
	}
	return item, item.FromFolderSummary(summary)
}
