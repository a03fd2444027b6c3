package suite

import (
	"fmt"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
)

const folderContent = "content"

// newFolder is a folder that nothing else uses, with files in it, each with folderContent.
func (s *session) newFolder(files ...string) (string, error) {
	s.counter++
	folder := fmt.Sprintf("/session/folder-%d", s.counter)
	for _, name := range files {
		path := folder + name
		stored, err := s.api.BasicUploadWithBodyWithResponse(s.ctx, account, &gen.BasicUploadParams{FilePath: &path}, "text/plain", strings.NewReader(folderContent))
		if err := wantResult("BasicUpload", stored, err, 200); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// changed returns a setting that is set to a value.
func changed[T any](value T) *gen.FieldUpdate[T] { return &gen.FieldUpdate[T]{Set: true, Value: value} }

// putFolders makes a folder with every setting, one in it that inherits them, and takes one setting back.
func (s *session) putFolders() error {
	folder, err := s.newFolder()
	if err != nil {
		return err
	}
	var internal gen.StorageLayerUpdate
	if err := internal.FromInternalStorageV2(gen.InternalStorageV2{}); err != nil {
		return err
	}
	permissions := []gen.PublicPermissions{{
		Permissions: gen.PublicPermissionsGrants{File: gen.FileDownloadGrants{DownloadFile: []string{"raw", "thumb-*"}}},
		Scope:       gen.PathPermissionScopeGrandchildren,
	}}
	for _, change := range []struct {
		request gen.PutFolderRequest
		want    string // the description afterwards
	}{
		{gen.PutFolderRequest{FolderPath: folder, FolderSettings: gen.PatchFolderSettings{
			Description: changed("a folder"), PublicPermissions: changed(permissions), StorageLayer: changed(internal),
		}}, "a folder"},
		{gen.PutFolderRequest{FolderPath: folder}, "a folder"},
		{gen.PutFolderRequest{FolderPath: folder, FolderSettings: gen.PatchFolderSettings{Description: &gen.UpdatableFolderDescription{}}}, "a folder"},
		{gen.PutFolderRequest{FolderPath: folder, FolderSettings: gen.PatchFolderSettings{Description: &gen.UpdatableFolderDescription{Set: true}}}, ""},
		{gen.PutFolderRequest{FolderPath: folder + "/", AllowUnnamedFolder: true}, ""},
	} {
		made, err := s.api.PutFolderWithResponse(s.ctx, account, change.request)
		if err := wantResult("PutFolder", made, err, 200); err != nil {
			return err
		}
		if err := firstError(
			wantEqual("the folder", made.JSON200.FolderPath, change.request.FolderPath),
			wantEqual("whether it is virtual", made.JSON200.Virtual, true),
			wantEqual("the description", made.JSON200.Settings.Description, change.want),
		); err != nil {
			return err
		}
	}
	return s.inherited(folder, permissions)
}

// inherited compares what a folder that was not made has from one above it.
func (s *session) inherited(folder string, permissions []gen.PublicPermissions) error {
	below, err := s.api.GetFolderDetailsWithResponse(s.ctx, account, &gen.GetFolderDetailsParams{FolderPath: folder + "/below"})
	if err := wantResult("GetFolderDetails", below, err, 200); err != nil {
		return err
	}
	details := below.JSON200
	layer, err := details.SettingsInherited.StorageLayer.Value.Discriminator()
	return firstError(
		err,
		wantEqual("whether it is virtual", details.Virtual, false),
		wantEqual("the folder with the permissions", details.SettingsInherited.PublicPermissions.FolderPath, folder),
		wantEqual("the permissions", details.SettingsInherited.PublicPermissions.Value, permissions),
		wantEqual("the folder with the storage layer", details.SettingsInherited.StorageLayer.FolderPath, folder),
		wantEqual("the storage layer", layer, "InternalStorageV2"))
}

// lists lists a folder in every way.
func (s *session) lists() error {
	folder, err := s.newFolder("/a", "/c/d", "/c/e/f")
	if err != nil {
		return err
	}
	made, err := s.api.PutFolderWithResponse(s.ctx, account, gen.PutFolderRequest{FolderPath: folder + "/b"})
	if err := wantResult("PutFolder", made, err, 200); err != nil {
		return err
	}
	yes, no := new(true), new(false)
	for _, list := range []struct {
		params gen.ListFolderParams
		want   string
	}{
		{gen.ListFolderParams{}, "/a /b* /c"},
		{gen.ListFolderParams{Recursive: yes}, "/a /b* /c/d /c/e/f"},
		{gen.ListFolderParams{IncludeFiles: no, IncludeOverriddenStorage: no}, "/b* /c"},
		{gen.ListFolderParams{IncludeVirtualFolders: no}, "/a /c"},
		{gen.ListFolderParams{IncludePhysicalFolders: no}, "/a /b*"},
		{gen.ListFolderParams{
			DryRun: yes, Recursive: yes, IncludeFiles: yes, IncludeVirtualFolders: yes, IncludeOverriddenStorage: yes,
		}, "/a /b* /c/d /c/e/f"},
	} {
		for _, limit := range []*int64{nil, new(int64(1)), new(int64(1000))} {
			list.params.FolderPath, list.params.Limit = folder, limit
			got, err := s.list(list.params)
			if err := firstError(err, wantEqual("the list", got, list.want)); err != nil {
				return err
			}
		}
	}
	return nil
}

// list lists a folder page by page: paths from the folder on, with * after those of folders that were made.
func (s *session) list(params gen.ListFolderParams) (string, error) {
	var paths []string
	for range 100 {
		page, err := s.api.ListFolderWithResponse(s.ctx, account, &params)
		if err := wantResult("ListFolder", page, err, 200); err != nil {
			return "", err
		}
		for _, item := range page.JSON200.Items {
			path, err := pathOf(item)
			if err != nil {
				return "", err
			}
			paths = append(paths, strings.TrimPrefix(path, params.FolderPath))
		}
		if page.JSON200.IsPaginationComplete {
			return strings.Join(paths, " "), nil
		}
		params.Cursor = &page.JSON200.Cursor
	}
	return "", fmt.Errorf("the list of %s has no end", params.FolderPath)
}

func pathOf(item gen.ObjectSummary) (string, error) {
	value, err := item.ValueByDiscriminator()
	switch value := value.(type) {
	case gen.FileSummary:
		if value.FileURL != origin+"/"+account+"/raw"+value.FilePath || value.Size != int64(len(folderContent)) || value.LastModified <= 0 {
			return "", fmt.Errorf("ListFolder: %+v", value)
		}
		return value.FilePath, nil
	case gen.FolderSummary:
		if value.Virtual {
			return value.FolderPath + "*", nil
		}
		return value.FolderPath, nil
	}
	return "", fmt.Errorf("ListFolder: an item is %T: %w", value, err)
}
