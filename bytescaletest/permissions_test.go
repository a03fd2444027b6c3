package bytescaletest_test

import (
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
)

func TestPrivateFiles(t *testing.T) {
	a := newCaller(t, "", bytescaletest.WithLenient())
	a.add("/open/f", "/closed/f", "/thumbs/f", "/closed/shared/deep/f")
	a.srv.AddFolder(bytescaletest.Folder{Path: "/closed", PublicPermissions: []bytescaletest.PublicPermission{}})
	a.srv.AddFolder(bytescaletest.Folder{Path: "/thumbs", PublicPermissions: []bytescaletest.PublicPermission{{Scope: "Children", DownloadFile: []string{"image"}}}})
	a.srv.AddFolder(bytescaletest.Folder{Path: "/closed/shared", PublicPermissions: []bytescaletest.PublicPermission{{Scope: "Grandchildren+", DownloadFile: []string{"*"}}}})
	anonymous, public := callerOf(t, a.srv, "-"), callerOf(t, a.srv, "public_A623uY2key")
	grant := jwt(`{"accountId":"A623uY2","exp":99999999999,"iat":1,"sub":"u","access":{"pathPermissions":[{"match":{"path":"/closed","scope":"Children"},` +
		`"permissions":{"read":{"file":{"downloadFile":["raw"]}}}}]}}`)
	token := callerOf(t, a.srv, grant)
	for _, test := range []struct {
		who  *caller
		path string
		want int
	}{
		{anonymous, "/raw/open/f", 200}, {anonymous, "/raw/closed/f", 403}, {anonymous, "/raw/closed/missing", 403},
		{anonymous, "/raw/open/missing", 404}, {anonymous, "/raw/thumbs/f", 403}, {anonymous, "/image/thumbs/f", 200},
		{anonymous, "/raw/closed/shared/deep/f", 200}, {anonymous, "/raw/closed/shared/f", 403},
		{anonymous, "/raw/open/f?path=%2Fclosed%2Ff", 403},
		{public, "/raw/closed/f", 200}, {public, "/raw/closed/missing", 404},
		{token, "/raw/closed/f", 200}, {token, "/image/closed/f", 403}, {token, "/raw/closed/x/f", 403},
	} {
		if got := test.who.get("/" + account + test.path); got.status != test.want {
			t.Errorf("%s with %.10s: %v, want %d", test.path, test.who.key, got, test.want)
		}
	}
}

// A caller may do what a JWT grants, and nothing else.
func TestGrants(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithLenient())
	secret := callerOf(t, srv, "")
	secret.add("/in/f", "/out/f")
	grant := func(permissions string) *caller {
		entry := func(scope string) string {
			return `{"match":{"path":"/in","scope":"` + scope + `"},"permissions":` + permissions + `}`
		}
		return callerOf(t, srv, jwt(`{"accountId":"A623uY2","exp":99999999999,"iat":1,"sub":"u","access":{"pathPermissions":[`+
			entry("This")+`,`+entry("Children")+`,`+entry("Grandchildren+")+`]}}`))
	}
	reads := grant(`{"read":{"folder":{"listFolderChildren":true,"getFolderDescription":true}}}`)
	copies := grant(`{"read":{"file":{"downloadFile":["*"]}},"write":{"file":{"createFile":true},"folder":{"createVirtualFolder":true}}}`)
	deletes := grant(`{"write":{"file":{"deleteFile":true},"folder":{"deleteVirtualFolder":true}}}`)
	public := callerOf(t, srv, "public_A623uY2key")
	const base = "/v2/accounts/" + account
	for _, test := range []struct {
		name               string
		who                *caller
		method, path, body string
		want               int
	}{
		{"list", reads, "GET", "/folders/list?folderPath=%2Fin", "", 200},
		{"list recursively", reads, "GET", "/folders/list?folderPath=%2Fin&recursive=true", "", 200},
		{"list elsewhere", reads, "GET", "/folders/list?folderPath=%2Fout", "", 403},
		{"list above", reads, "GET", "/folders/list?folderPath=%2F", "", 403},
		{"list with a public key", public, "GET", "/folders/list?folderPath=%2Fin", "", 403},
		{"list without the permission", deletes, "GET", "/folders/list?folderPath=%2Fin", "", 403},
		{"details", reads, "GET", "/folders?folderPath=%2Fin", "", 200},
		{"details elsewhere", reads, "GET", "/folders?folderPath=%2Fout", "", 403},
		{"make", copies, "PUT", "/folders", `{"folderPath":"/in/made"}`, 200},
		{"make with a description", copies, "PUT", "/folders", `{"folderPath":"/in/made","folderSettings":{"description":{"set":true,"value":"x"}}}`, 403},
		{"make elsewhere", copies, "PUT", "/folders", `{"folderPath":"/out/made"}`, 403},
		{"copy", copies, "POST", "/files/copy", `{"source":"/in/f","destination":"/in/g"}`, 200},
		{"copy over another", copies, "POST", "/files/copy", `{"source":"/in/f","destination":"/in/g"}`, 403},
		{"copy from elsewhere", copies, "POST", "/files/copy", `{"source":"/out/f","destination":"/in/h"}`, 403},
		{"copy elsewhere", copies, "POST", "/files/copy", `{"source":"/in/f","destination":"/out/h"}`, 403},
		{"copy with a public key", public, "POST", "/files/copy", `{"source":"/in/f","destination":"/in/h"}`, 403},
		{"copy a batch", copies, "POST", "/files/copy/batch", `{"files":[{"source":"/in/f","destination":"/in/i"}]}`, 200},
		{"copy a batch in part elsewhere", copies, "POST", "/files/copy/batch", `{"files":[{"source":"/in/f","destination":"/in/j"},{"source":"/in/f","destination":"/out/j"}]}`, 403},
		{"copy a folder", copies, "POST", "/folders/copy", `{"source":"/in/made","destination":"/in/copy"}`, 200},
		{"copy a folder elsewhere", copies, "POST", "/folders/copy", `{"source":"/in","destination":"/out/copy"}`, 403},
		{"delete", deletes, "DELETE", "/files?filePath=%2Fin%2Ff", "", 204},
		{"delete elsewhere", deletes, "DELETE", "/files?filePath=%2Fout%2Ff", "", 403},
		{"delete a batch", deletes, "DELETE", "/files/batch", `{"files":["/in/g"]}`, 200},
		{"delete a batch in part elsewhere", deletes, "DELETE", "/files/batch", `{"files":["/in/i","/out/f"]}`, 403},
		{"delete a folder", deletes, "DELETE", "/folders", `{"folderPath":"/in"}`, 200},
		{"delete a folder elsewhere", deletes, "DELETE", "/folders", `{"folderPath":"/"}`, 403},
		{"delete a folder without the permission", copies, "DELETE", "/folders", `{"folderPath":"/in"}`, 403},
		{"jobs", deletes, "GET", "/jobs?jobType=DeleteFileBatchJob", "", 403},
		{"jobs with a public key", public, "GET", "/jobs/DeleteFileBatchJob/00000000000000000000000000", "", 403},
		{"cancel", deletes, "DELETE", "/jobs/DeleteFileBatchJob/00000000000000000000000000", "", 403},
		{"reset the cache", copies, "POST", "/cache/reset", `{"pattern":"/*","resetEdgeCache":true,"resetPermanentCache":true}`, 403},
		{"an unknown type of job", secret, "GET", "/jobs?jobType=ExampleJob", "", 400},
	} {
		if got := test.who.send(test.method, base+test.path, test.body); got.status != test.want {
			t.Errorf("%s: %v, want %d", test.name, got, test.want)
		}
	}
	if got := secret.files(); got != "/out/f" {
		t.Errorf("left: %s", got)
	}
}
