package bytescaletest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

func TestFolders(t *testing.T) {
	a := newCaller(t, "")
	var layer gen.StorageLayerUpdate
	if err := layer.FromR2Storage(gen.R2Storage{
		Bucket: gen.R2Bucket{BucketName: "b", ObjectKeyPrefix: ""}, CloudflareAccountID: "c",
		Credentials: gen.R2StorageCredentials{R2AccessKey: strings.Repeat("k", 16), R2SecretKey: strings.Repeat("s", 30)},
	}); err != nil {
		t.Fatal(err)
	}
	private := gen.PublicPermissionsList{}
	put, err := a.PutFolderWithResponse(t.Context(), account, gen.PutFolderRequest{
		FolderPath: "/a/b", FolderSettings: gen.PatchFolderSettings{
			Description:       &gen.UpdatableFolderDescription{Set: true, Value: "described"},
			PublicPermissions: &gen.UpdatablePublicPermissions{Set: true, Value: private},
			StorageLayer:      &gen.UpdatableStorageLayer{Set: true, Value: layer},
		},
	})
	if !a.want(put, err, put.Body, 200, "") {
		return
	}
	if strings.Contains(string(put.Body), "kkk") || strings.Contains(string(put.Body), "sss") || !strings.Contains(string(put.Body), `"publicPermissions":[]`) {
		t.Errorf("answered %s", put.Body)
	}
	details := func(path string) *gen.FolderDetails {
		got, err := a.GetFolderDetailsWithResponse(t.Context(), account, &gen.GetFolderDetailsParams{FolderPath: path})
		if !a.want(got, err, got.Body, 200, "") {
			t.FailNow()
		}
		return got.JSON200
	}
	// Ancestors were made; descendants inherit; a folder that does not exist is no error.
	if got := details("/a"); !got.Virtual || got.Settings.Description != "" || got.Settings.PublicPermissions != nil {
		t.Errorf("the folder above: %+v", got)
	}
	below := details("/a/b/c")
	if below.Virtual || below.SettingsInherited.PublicPermissions.FolderPath != "/a/b" || below.SettingsInherited.StorageLayer.FolderPath != "/a/b" {
		t.Errorf("a folder below: %+v", below)
	}
	if got, err := below.SettingsInherited.StorageLayer.Value.AsR2Storage(); err != nil || got.CloudflareAccountID != "c" || got.Credentials != (gen.R2StorageCredentials{}) {
		t.Errorf("the inherited storage: %+v, %v", got, err)
	}
	// What is not set stays, and set without a value clears.
	put, err = a.PutFolderWithResponse(t.Context(), account, gen.PutFolderRequest{
		FolderPath: "/a/b", FolderSettings: gen.PatchFolderSettings{
			Description: &gen.UpdatableFolderDescription{}, PublicPermissions: &gen.UpdatablePublicPermissions{Set: true},
		},
	})
	if a.want(put, err, put.Body, 200, "") && (put.JSON200.Settings.Description != "described" || put.JSON200.Settings.PublicPermissions != nil) {
		t.Errorf("after the second change: %s", put.Body)
	}
	if got := fmt.Sprint(a.srv.Folders()); !strings.Contains(got, "{/a/b described [] ") {
		t.Errorf("on the server: %s", got)
	}
	for path, code := range map[string]string{"/a/": "folder_unnamed", "/": "", "//": "folder_unnamed"} {
		put, err := a.PutFolderWithResponse(t.Context(), account, gen.PutFolderRequest{FolderPath: path})
		status := 200
		if code != "" {
			status = 400
		}
		a.want(put, err, put.Body, status, code)
	}
	put, err = a.PutFolderWithResponse(t.Context(), account, gen.PutFolderRequest{FolderPath: "/a/", AllowUnnamedFolder: true})
	a.want(put, err, put.Body, 200, "")
	// Files are neither stored nor served below external storage.
	begun, err := a.BeginMultipartUploadWithResponse(t.Context(), account, gen.BeginMultipartUploadRequest{Size: 1, Path: literal(t, "/a/b/f")})
	a.want(begun, err, begun.Body, 501, "storage_external")
	if got := a.get("/" + account + "/raw/a/b/f"); got.status != 501 || got.code() != "storage_external" {
		t.Errorf("a download: %v", got)
	}
}

func literal(t *testing.T, path string) (definition gen.FilePathDefinition) {
	if err := definition.FromRelativeOrAbsoluteFilePath(path); err != nil {
		t.Fatal(err)
	}
	return definition
}

func TestLists(t *testing.T) {
	for _, descending := range []bool{false, true} {
		var opts []bytescaletest.Option
		if descending {
			opts = append(opts, bytescaletest.WithDescendingLists())
		}
		a := newCaller(t, "", opts...)
		a.add("/f/a", "/f/p/b", "/f/p/c", "/f/z")
		a.srv.AddFolder(bytescaletest.Folder{Path: "/f/v"})
		for query, want := range map[string]string{
			"":                                  "/f/a /f/p(false) /f/v(true) /f/z",
			"recursive=true":                    "/f/a /f/p/b /f/p/c /f/v(true) /f/z",
			"includeFiles=false":                "/f/p(false) /f/v(true)",
			"includePhysicalFolders=false":      "/f/a /f/v(true) /f/z",
			"includeVirtualFolders=false":       "/f/a /f/p(false) /f/z",
			"dryRun=true":                       "/f/a /f/z",
			"dryRun=true&recursive=true":        "/f/a /f/p/b /f/p/c /f/v(true) /f/z",
			"includeOverriddenStorage=false":    "/f/a /f/p(false) /f/v(true) /f/z",
			"includeFiles=false&recursive=true": "/f/v(true)",
		} {
			whole, _ := a.list("/f", query)
			if descending {
				reverse(whole)
			}
			if strings.Join(whole, " ") != want {
				t.Errorf("%q: %v, want %s", query, whole, want)
			}
			paged, pages := a.list("/f", query+"&limit=1")
			if descending {
				reverse(paged)
			}
			if strings.Join(paged, " ") != want || pages < 4 {
				t.Errorf("%q, one at a time: %v in %d pages", query, paged, pages)
			}
		}
		if items, _ := a.list("/missing", ""); len(items) != 0 {
			t.Errorf("a missing folder: %v", items)
		}
		if got := a.get("/v2/accounts/" + account + "/folders/list?folderPath=%2Ff&cursor=L290aGVyL2E="); got.status != 400 || got.code() != "cursor_invalid" {
			t.Errorf("a cursor of another list: %v", got)
		}
	}
}

func reverse(items []string) {
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
}

func TestCopyFile(t *testing.T) {
	a := newCaller(t, "")
	a.add("/a", "/taken")
	original, _ := a.srv.File("/a")
	copyTo := func(request gen.CopyFileRequest, status int, code string) {
		t.Helper()
		got, err := a.CopyFileWithResponse(t.Context(), account, request)
		a.want(got, err, got.Body, status, code)
	}
	copyTo(gen.CopyFileRequest{Source: "/a", Destination: "/b"}, 200, "")
	copyTo(gen.CopyFileRequest{Source: "/a", Destination: "/taken"}, 200, "")
	copyTo(gen.CopyFileRequest{Source: "/a", Destination: "/a"}, 200, "")
	copyTo(gen.CopyFileRequest{Source: "/missing", Destination: "/c"}, 404, "file_not_found")
	copyTo(gen.CopyFileRequest{
		Source: "/a", Destination: "/merged", Metadata: &gen.CopyableFileMetadata{Merge: true, Value: gen.Metadata{"b": 3}},
		Tags: &gen.CopyableFileTags{Merge: true, Value: []string{"x", "y"}},
	}, 200, "")
	copyTo(gen.CopyFileRequest{Source: "/a", Destination: "/empty", Metadata: &gen.CopyableFileMetadata{}, Tags: &gen.CopyableFileTags{}}, 200, "")
	copyTo(gen.CopyFileRequest{
		Source: "/a", Destination: "/large", Metadata: &gen.CopyableFileMetadata{Merge: true, Value: gen.Metadata{"c": strings.Repeat("x", 2036)}},
	}, 400, "metadata_too_large")
	if got := a.files(); got != "/a /b /empty /merged /taken" {
		t.Errorf("files: %s", got)
	}
	for path, want := range map[string]string{
		"/b": `{"a":1,"b":2} [x]`, "/taken": `{"a":1,"b":2} [x]`, "/merged": `{"a":1,"b":3} [x y]`, "/empty": `{} []`,
	} {
		file, ok := a.srv.File(path)
		metadata, err := json.Marshal(file.Metadata)
		if got := fmt.Sprintf("%s %v", metadata, file.Tags); !ok || err != nil || got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		if file.ETag != original.ETag || file.MIME != "text/plain" || file.OriginalFileName != "o.txt" || string(file.Bytes()) != "/a" {
			t.Errorf("%s: %+v", path, file)
		}
	}
}

func TestBatches(t *testing.T) {
	a := newCaller(t, "")
	a.add("/a", "/b", "/f/c", "/f/d/e")
	copied, err := a.CopyFileBatchWithResponse(t.Context(), account, gen.CopyFileBatchRequest{Files: []gen.CopyFileRequest{
		{Source: "/a", Destination: "/x"}, {Source: "/missing", Destination: "/y"}, {Source: "/b", Destination: "/x"},
	}})
	if a.want(copied, err, copied.Body, 200, "") {
		job := a.job(gen.JobTypeCopyFileBatch, copied.JSON200.JobID)
		if got := fmt.Sprintf("%s %v", job.Status, job.Summary); got != "Succeeded map[copies:[map[destination:/x source:/a] map[destination:/x source:/b]]]" {
			t.Errorf("the copies: %s", got)
		}
		if file, _ := a.srv.File("/x"); string(file.Bytes()) != "/b" {
			t.Errorf("the later copy does not win: %s", file.Bytes())
		}
	}
	folders, err := a.CopyFolderWithResponse(t.Context(), account, gen.CopyFolderRequest{Source: "/f", Destination: "/g"})
	a.want(folders, err, folders.Body, 200, "")
	if got := a.files(); got != "/a /b /f/c /f/d/e /g/c /g/d/e /x" {
		t.Errorf("after the copies: %s", got)
	}
	deleted, err := a.DeleteFileBatchWithResponse(t.Context(), account, gen.DeleteFileBatchRequest{Files: []string{"/a", "/missing", "/x"}})
	if a.want(deleted, err, deleted.Body, 200, "") {
		if job := a.job(gen.JobTypeDeleteFileBatch, deleted.JSON200.JobID); fmt.Sprint(job.Summary) != "map[deletions:[/a /x]]" {
			t.Errorf("the deletions: %v", job.Summary)
		}
	}
	gone, err := a.DeleteFolderBatchWithResponse(t.Context(), account, gen.DeleteFolderBatchRequest{Folders: []gen.DeleteFolderRequest{
		{FolderPath: "/f"}, {FolderPath: "/g", Recursive: new(false)},
	}})
	a.want(gone, err, gone.Body, 200, "")
	if got := a.files(); got != "/b /g/d/e" {
		t.Errorf("after the deletions: %s", got)
	}
	for _, test := range []struct {
		request gen.CopyFolderRequest
		code    string
	}{
		{gen.CopyFolderRequest{Source: "/g", Destination: "/g"}, "copy_into_itself"},
		{gen.CopyFolderRequest{Source: "/g", Destination: "/g/d"}, "copy_into_itself"},
		{gen.CopyFolderRequest{Source: "/g", Destination: "/h", CopyOverriddenStorage: true}, "options_conflict"},
	} {
		got, err := a.CopyFolderWithResponse(t.Context(), account, test.request)
		a.want(got, err, got.Body, 400, test.code)
	}
	gone2, err := a.CopyFolderBatchWithResponse(t.Context(), account, gen.CopyFolderBatchRequest{Folders: []gen.CopyFolderRequest{{Source: "/g", Destination: "/gg"}}})
	a.want(gone2, err, gone2.Body, 200, "")
	if got := a.files(); got != "/b /g/d/e /gg/d/e" {
		t.Errorf("a folder whose name begins alike: %s", got)
	}
	whole, err := a.DeleteFolderWithResponse(t.Context(), account, gen.DeleteFolderRequest{FolderPath: "/"})
	a.want(whole, err, whole.Body, 200, "")
	if got := a.files(); got != "" {
		t.Errorf("everything: %s", got)
	}
}
