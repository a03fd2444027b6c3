package fake

import (
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/token"
)

// need is one permission that a request needs: a flag of token.Grant, "downloadFile
// FORM" or "tag NAME", at a path and with a scope of which it is one.
type need struct {
	permission string
	path       string
	scope      token.Scope
}

func (n need) grant() token.Grant {
	grant := token.Grant{Path: n.path, Scope: n.scope}
	if form, ok := strings.CutPrefix(n.permission, "downloadFile "); ok {
		grant.DownloadFile = []string{form}
		return grant
	}
	name := strings.ToUpper(n.permission[:1]) + n.permission[1:]
	reflect.ValueOf(&grant).Elem().FieldByName(name).SetBool(true)
	return grant
}

func at(path string, permissions ...string) (needs []need) {
	for _, permission := range permissions {
		needs = append(needs, need{permission, path, token.This})
	}
	return needs
}

// below needs permissions for everything in a folder.
func below(path string, permissions ...string) (needs []need) {
	for _, permission := range permissions {
		needs = append(needs, need{permission, path, token.Children}, need{permission, path, token.Grandchildren})
	}
	return needs
}

func join(parts ...[]need) (needs []need) {
	for _, part := range parts {
		needs = append(needs, part...)
	}
	return needs
}

// permissionRows is the table of docs/fake.md: what each operation needs of a token. In
// the account are /f/a and /f/g/b, in a private folder.
var permissionRows = []struct {
	name         string
	method, path string
	body         string
	needs        []need
	tags         []string // that the token must allow
	public       bool     // whether a public key may do it as well
	want         int      // if all is allowed
}{
	{"BeginMultipartUpload", "POST", "/v2/accounts/A623uY2/uploads", `{"size":1,"path":"/f/new"}`, at("/f/new", "createFile"), nil, true, 200},
	{"BeginMultipartUpload, overwriting", "POST", "/v2/accounts/A623uY2/uploads", `{"size":1,"path":"/f/a"}`, at("/f/a", "createFile", "overwriteFile"), nil, false, 200},
	{"BeginMultipartUpload, with tags", "POST", "/v2/accounts/A623uY2/uploads", `{"size":1,"path":"/f/new","tags":["t","u"]}`, at("/f/new", "createFile"), []string{"t", "u"}, true, 200},
	{"BasicUpload", "POST", "/v2/accounts/A623uY2/uploads/binary?filePath=/f/new", "bytes", at("/f/new", "createFile"), nil, true, 200},
	{"BasicUpload, overwriting", "POST", "/v2/accounts/A623uY2/uploads/binary?filePath=/f/a", "bytes", at("/f/a", "createFile", "overwriteFile"), nil, false, 200},
	{"BasicUpload, with a tag", "POST", "/v2/accounts/A623uY2/uploads/binary?filePath=/f/new&tag=t", "bytes", at("/f/new", "createFile"), []string{"t"}, true, 200},
	{"GetFileDetails", "GET", "/v2/accounts/A623uY2/files/details?filePath=/f/a", "", at("/f/a", "getFileDetails"), nil, false, 200},
	{"CopyFile", "POST", "/v2/accounts/A623uY2/files/copy", `{"source":"/f/a","destination":"/c"}`, join(at("/f/a", "downloadFile raw"), at("/c", "createFile")), nil, false, 200},
	{"CopyFile, overwriting", "POST", "/v2/accounts/A623uY2/files/copy", `{"source":"/f/a","destination":"/f/g/b"}`, join(at("/f/a", "downloadFile raw"), at("/f/g/b", "createFile", "overwriteFile")), nil, false, 200},
	{"CopyFile, with a tag", "POST", "/v2/accounts/A623uY2/files/copy", `{"source":"/f/a","destination":"/c","tags":{"value":["t"]}}`, join(at("/f/a", "downloadFile raw"), at("/c", "createFile")), []string{"t"}, false, 200},
	{"CopyFileBatch", "POST", "/v2/accounts/A623uY2/files/copy/batch", `{"files":[{"source":"/f/a","destination":"/c"},{"source":"/f/g/b","destination":"/d"}]}`, join(at("/f/a", "downloadFile raw"), at("/f/g/b", "downloadFile raw"), at("/c", "createFile"), at("/d", "createFile")), nil, false, 200},
	{"DeleteFile", "DELETE", "/v2/accounts/A623uY2/files?filePath=/f/a", "", at("/f/a", "deleteFile"), nil, false, 204},
	{"DeleteFileBatch", "DELETE", "/v2/accounts/A623uY2/files/batch", `{"files":["/f/a","/f/g/b"]}`, join(at("/f/a", "deleteFile"), at("/f/g/b", "deleteFile")), nil, false, 200},
	{"PutFolder", "PUT", "/v2/accounts/A623uY2/folders", `{"folderPath":"/p"}`, at("/p", "createVirtualFolder"), nil, false, 200},
	{"PutFolder, with settings", "PUT", "/v2/accounts/A623uY2/folders", `{"folderPath":"/p","folderSettings":{"description":{"set":true,"value":"x"},"publicPermissions":{"set":true,"value":[]},"storageLayer":{"set":true,"value":{"type":"InternalStorageV2"}}}}`, at("/p", "createVirtualFolder", "setFolderDescription", "setFolderPublicPermissions", "setFolderStorageLayer"), nil, false, 200},
	{"ListFolder", "GET", "/v2/accounts/A623uY2/folders/list?folderPath=/f", "", at("/f", "listFolderChildren"), nil, false, 200},
	{"ListFolder, recursive", "GET", "/v2/accounts/A623uY2/folders/list?folderPath=/f&recursive=true", "", join(at("/f", "listFolderChildren"), below("/f", "listFolderChildren")), nil, false, 200},
	{"CopyFolder", "POST", "/v2/accounts/A623uY2/folders/copy", `{"source":"/f","destination":"/c"}`, join(below("/f", "downloadFile raw"), below("/c", "createFile"), at("/c", "createVirtualFolder"), below("/c", "createVirtualFolder")), nil, false, 200},
	{"CopyFolder, files of one level", "POST", "/v2/accounts/A623uY2/folders/copy", `{"source":"/f","destination":"/c","recursive":false}`, []need{{"downloadFile raw", "/f", token.Children}, {"createFile", "/c", token.Children}}, nil, false, 200},
	{"CopyFolderBatch", "POST", "/v2/accounts/A623uY2/folders/copy/batch", `{"folders":[{"source":"/f","destination":"/c","recursive":false}]}`, []need{{"downloadFile raw", "/f", token.Children}, {"createFile", "/c", token.Children}}, nil, false, 200},
	{"DeleteFolder", "DELETE", "/v2/accounts/A623uY2/folders", `{"folderPath":"/f"}`, join(below("/f", "deleteFile", "deleteVirtualFolder"), at("/f", "deleteVirtualFolder")), nil, false, 200},
	{"DeleteFolder, files of one level", "DELETE", "/v2/accounts/A623uY2/folders", `{"folderPath":"/f","deleteVirtualFolders":false,"recursive":false}`, []need{{"deleteFile", "/f", token.Children}}, nil, false, 200},
	{"DeleteFolderBatch", "DELETE", "/v2/accounts/A623uY2/folders/batch", `{"folders":[{"folderPath":"/f","deleteFiles":false,"recursive":false}]}`, at("/f", "deleteVirtualFolder"), nil, false, 200},
	{"DownloadFile, private", "GET", "/A623uY2/raw/f/a", "", at("/f/a", "downloadFile raw"), nil, true, 200},
	{"ProcessFile, private", "GET", "/A623uY2/image/f/a?w=1", "", at("/f/a", "downloadFile image"), nil, true, 200},
	{"ProcessFileAndSave, private", "POST", "/A623uY2/save/image/f/a?w=1", `{"destination":"/c"}`, join(at("/f/a", "downloadFile image"), at("/c", "createFile")), nil, true, 200},
	{"ProcessFileAndSave, overwriting", "POST", "/A623uY2/save/image/f/a?w=1", `{"destination":"/f/g/b"}`, join(at("/f/a", "downloadFile image"), at("/f/g/b", "createFile", "overwriteFile")), nil, false, 200},
	{"ProcessFileAndSave, with a tag", "POST", "/A623uY2/save/image/f/a?w=1", `{"destination":"/c","tags":{"value":["t"]}}`, join(at("/f/a", "downloadFile image"), at("/c", "createFile")), []string{"t"}, true, 200},
}

// secretRows are the operations that no token can grant.
var secretRows = []struct{ name, method, path, body string }{
	{"GetJob", "GET", "/v2/accounts/A623uY2/jobs/DeleteFileBatchJob/01ARZ3NDEKTSV4RRFFQ69G5FAV", ""},
	{"CancelJob", "DELETE", "/v2/accounts/A623uY2/jobs/DeleteFileBatchJob/01ARZ3NDEKTSV4RRFFQ69G5FAV", ""},
	{"ListRecentJobs", "GET", "/v2/accounts/A623uY2/jobs?jobType=DeleteFileBatchJob", ""},
	{"ResetCache", "POST", "/v2/accounts/A623uY2/cache/reset", `{"pattern":"/*","resetEdgeCache":true,"resetPermanentCache":false}`},
}

// permissionServer has /f/a and /f/g/b, in a private folder.
func permissionServer(t *testing.T, options Options) *Server {
	t.Helper()
	server, err := New(options)
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	for _, r := range []struct{ method, path, body string }{
		{"PUT", "/v2/accounts/A623uY2/folders", `{"folderPath":"/f","folderSettings":{"publicPermissions":{"set":true,"value":[]}}}`},
		{"POST", "/v2/accounts/A623uY2/uploads/binary?filePath=/f/a", "a"},
		{"POST", "/v2/accounts/A623uY2/uploads/binary?filePath=/f/g/b", "b"},
	} {
		if answer := ask(server, r.method, r.path, r.body, "Authorization", "Bearer "+testSecret); answer.Code != 200 {
			t.Fatalf("%s %s: %d %s", r.method, r.path, answer.Code, answer.Body)
		}
	}
	return server
}

// ask sends one request with some header fields.
func ask(server *Server, method, path, body string, fields ...string) *httptest.ResponseRecorder {
	r := newRequest(method, path, body)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	return serve(server, r)
}

// newRequest is a request to example.com, with a content type that fits its body.
func newRequest(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	switch {
	case body == "":
		r.Body = http.NoBody
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	default:
		r.Header.Set("Content-Type", "text/plain")
	}
	return r
}

func serve(server *Server, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, r)
	return answer
}

// Each operation is allowed with exactly the permissions of the table, and refused
// with 403 when one of them is missing, is for another path or has another scope.
func TestPermissions(t *testing.T) {
	t.Parallel()
	private := rsaKey(t)
	signer, err := token.NewSigner("A623uY2", private)
	must(t, err)
	options := Options{JWTKeys: []*rsa.PublicKey{&private.PublicKey}}
	allowed, refused := 0, 0
	for _, row := range permissionRows {
		t.Run(row.name, func(t *testing.T) {
			sign := func(grants []token.Grant, tags []string) string {
				t.Helper()
				jwt, err := signer.Sign(token.Claims{Subject: "u", Grants: grants, WriteTags: tags})
				must(t, err)
				return jwt
			}
			check := func(what, jwt string, want int) {
				t.Helper()
				answer := ask(permissionServer(t, options), row.method, row.path, row.body, "Authorization", "Bearer "+jwt)
				if answer.Code != want {
					t.Errorf("%s: %d, want %d: %s", what, answer.Code, want, answer.Body)
				}
				if want == http.StatusForbidden {
					refused++
				} else {
					allowed++
				}
			}
			grants := make([]token.Grant, len(row.needs))
			for i, need := range row.needs {
				grants[i] = need.grant()
			}
			check("all", sign(grants, row.tags), row.want)
			for i, need := range row.needs {
				changed := func(change func(*token.Grant)) []token.Grant {
					all := append([]token.Grant{}, grants...)
					change(&all[i])
					return all
				}
				check("without "+need.permission, sign(changed(func(g *token.Grant) { *g = token.Grant{Path: "/", Scope: token.This, GetFolderStorageLayer: true} }), row.tags), 403)
				check(need.permission+" elsewhere", sign(changed(func(g *token.Grant) { g.Path += "x" }), row.tags), 403)
				for _, scope := range []token.Scope{token.This, token.Children, token.Grandchildren} {
					if scope != need.scope {
						check(need.permission+" for "+string(scope), sign(changed(func(g *token.Grant) { g.Scope = scope }), row.tags), 403)
					}
				}
				if form, ok := strings.CutPrefix(need.permission, "downloadFile "); ok {
					check("all forms", sign(changed(func(g *token.Grant) { g.DownloadFile = []string{"*"} }), row.tags), row.want)
					check("forms that begin so", sign(changed(func(g *token.Grant) { g.DownloadFile = []string{form[:2] + "*"} }), row.tags), row.want)
					check("another form", sign(changed(func(g *token.Grant) { g.DownloadFile = []string{"thumbnail"} }), row.tags), 403)
				}
			}
			for i := range row.tags {
				check("without the tag", sign(grants, append(append([]string{}, row.tags[:i]...), row.tags[i+1:]...)), 403)
			}
			if row.tags != nil {
				check("all tags", sign(grants, []string{"*"}), row.want)
			}
			check("no permission at all", sign(nil, nil), 403)
			checkKeys(t, row.method, row.path, row.body, row.public, row.want, sign(grants, row.tags))
		})
	}
	t.Logf("%d requests with a token allowed, %d refused with 403", allowed, refused)
}

// checkKeys checks what keys and strangers may do, and that the permissions of a key
// and of a token beside it add up.
func checkKeys(t *testing.T, method, path, body string, public bool, want int, jwt string) {
	t.Helper()
	stranger := http.StatusUnauthorized
	if method == "GET" && !strings.HasPrefix(path, "/v2/") { // the CDN serves strangers, as far as files are public
		stranger = http.StatusForbidden
	}
	publicWant := http.StatusForbidden
	if public {
		publicWant = want
	}
	for _, test := range []struct {
		name   string
		fields []string
		want   int
	}{
		{"nobody", nil, stranger},
		{"secret key", []string{"Authorization", "Bearer " + testSecret}, want},
		{"public key", []string{"Authorization", "Bearer " + testPublic}, publicWant},
		{"public key and token", []string{"Authorization", "Bearer " + testPublic, "Authorization-Token", jwt}, want},
	} {
		key := rsaKey(t)
		answer := ask(permissionServer(t, Options{JWTKeys: []*rsa.PublicKey{&key.PublicKey}}), method, path, body, test.fields...)
		if answer.Code != test.want {
			t.Errorf("%s: %d, want %d: %s", test.name, answer.Code, test.want, answer.Body)
		}
	}
}

// No token grants what needs a secret key.
func TestSecretKeyOnly(t *testing.T) {
	t.Parallel()
	signer, err := token.NewSigner("A623uY2", rsaKey(t))
	must(t, err)
	everything := token.Grant{
		Path: "/", DownloadFile: []string{"*"}, GetFileDetails: true, CreateFile: true, OverwriteFile: true, DeleteFile: true,
		ListFolderChildren: true, GetFolderDescription: true, GetFolderPublicPermissions: true, GetFolderStorageLayer: true,
		CreateVirtualFolder: true, DeleteVirtualFolder: true, SetFolderDescription: true, SetFolderPublicPermissions: true, SetFolderStorageLayer: true,
	}
	jwt, err := signer.Sign(token.Claims{Subject: "u", Grants: token.Tree(everything), WriteTags: []string{"*"}})
	must(t, err)
	server := permissionServer(t, Options{})
	for _, row := range secretRows {
		for name, fields := range map[string][]string{
			"token":                {"Authorization", "Bearer " + jwt},
			"public key":           {"Authorization", "Bearer " + testPublic},
			"public key and token": {"Authorization", "Bearer " + testPublic, "Authorization-Token", jwt},
		} {
			if answer := ask(server, row.method, row.path, row.body, fields...); answer.Code != http.StatusForbidden {
				t.Errorf("%s with %s: %d %s", row.name, name, answer.Code, answer.Body)
			}
		}
		if answer := ask(server, row.method, row.path, row.body, "Authorization", "Bearer "+testSecret); answer.Code == http.StatusForbidden {
			t.Errorf("%s with a secret key: %d %s", row.name, answer.Code, answer.Body)
		}
	}
}

// Each permission to read a setting of a folder shows this setting alone.
func TestFolderSettingsAreShownByPermission(t *testing.T) {
	t.Parallel()
	signer, err := token.NewSigner("A623uY2", rsaKey(t))
	must(t, err)
	server := permissionServer(t, Options{})
	settings := `{"folderPath":"/s","folderSettings":{"description":{"set":true,"value":"x"},"publicPermissions":{"set":true,"value":[]},"storageLayer":{"set":true,"value":{"type":"InternalStorageV2"}}}}`
	if answer := ask(server, "PUT", "/v2/accounts/A623uY2/folders", settings, "Authorization", "Bearer "+testSecret); answer.Code != 200 {
		t.Fatal(answer.Body)
	}
	for permission, member := range map[string]string{
		"getFolderDescription": "description", "getFolderPublicPermissions": "publicPermissions", "getFolderStorageLayer": "storageLayer",
	} {
		for path, want := range map[string]int{"/s": 200, "/t": 403} {
			jwt, err := signer.Sign(token.Claims{Subject: "u", Grants: []token.Grant{need{permission, path, token.This}.grant()}})
			must(t, err)
			answer := ask(server, "GET", "/v2/accounts/A623uY2/folders?folderPath=/s", "", "Authorization", "Bearer "+jwt)
			if answer.Code != want {
				t.Errorf("%s at %s: %d %s", permission, path, answer.Code, answer.Body)
			}
			for _, other := range []string{"description", "publicPermissions", "storageLayer"} {
				if shown := strings.Contains(answer.Body.String(), `"`+other+`":`); shown != (want == 200 && other == member) {
					t.Errorf("%s at %s: %s is shown: %v: %s", permission, path, other, shown, answer.Body)
				}
			}
		}
	}
}

// No operation is forgotten in the tables.
func TestPermissionsAreComplete(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{
		"GetFolderDetails": true,                        // TestFolderSettingsAreShownByPermission
		"FormDataUpload":   true, "UploadFromUrl": true, // check and store as BasicUpload does
		"GetUploadPart": true, "ListUploadParts": true, "CompleteUploadPart": true, // need an upload id, which cannot be guessed, and a caller of the account
	}
	for _, row := range permissionRows {
		name, _, _ := strings.Cut(row.name, ",")
		tested[name] = true
	}
	for _, row := range secretRows {
		tested[row.name] = true
	}
	for _, op := range operation.All() {
		if !tested[op.ID] {
			t.Errorf("%s is in no table", op.ID)
		}
	}
}
