package contract

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	d := document(t)
	for _, test := range []struct {
		method, path, operation string
		params                  map[string]string
	}{
		{"POST", "/v2/accounts/A623uY2/uploads", "BeginMultipartUpload", map[string]string{"accountId": "A623uY2"}},
		{"POST", "/v2/accounts/A623uY2/uploads/binary", "BasicUpload", map[string]string{"accountId": "A623uY2"}},
		{"GET", "/v2/accounts/a%2Fb/files/details", "GetFileDetails", map[string]string{"accountId": "a/b"}},
		{"PUT", "/v2/accounts/A/uploads/U/parts/7", "CompleteUploadPart",
			map[string]string{"accountId": "A", "uploadId": "U", "uploadPartIndex": "7"}},
		{"GET", "/A623uY2/raw/a/b%20c%2Fd.txt", "DownloadFile",
			map[string]string{"accountId": "A623uY2", "filePath": "/a/b c/d.txt"}},
		{"GET", "/A623uY2/raw/", "DownloadFile", map[string]string{"accountId": "A623uY2", "filePath": "/"}},
		{"GET", "/A623uY2/raw", "", nil},
		{"GET", "/A623uY2/rawx/a", "ProcessFile",
			map[string]string{"accountId": "A623uY2", "transformation": "rawx", "filePath": "/a"}},
		{"GET", "/A623uY2/image", "", nil},
		{"POST", "/A623uY2/save/image/a%2Fb", "ProcessFileAndSave",
			map[string]string{"accountId": "A623uY2", "transformation": "image", "filePath": "/a/b"}},
		{"GET", "/A623uY2/save/image/a", "", nil},
		{"GET", "/v2/accounts/A/uploads/U/parts/7/", "", nil},
		{"GET", "/v2/accounts//uploads/U/parts/7/8", "", nil},
		{"GET", "/v2", "", nil},
		{"GET", "", "", nil},
		{"GET", "/%zz/raw/a", "", nil},
		{"PATCH", "/v2/accounts/A623uY2/uploads", "", nil},
	} {
		m, _ := d.find(test.method, test.path, func(*operation) bool { return true })
		var got string
		if m.operation != nil {
			got = m.operation.id
		}
		if got != test.operation || !reflect.DeepEqual(m.params, test.params) {
			t.Errorf("%s %s: %q %v", test.method, test.path, got, m.params)
		}
	}
	_, allowed := d.find("PATCH", "/v2/accounts/A/uploads/U/parts/7", func(*operation) bool { return true })
	if !reflect.DeepEqual(allowed, []string{"GET", "PUT"}) {
		t.Errorf("allowed: %v", allowed)
	}
}

// A literal segment beats a parameter, whatever the order of the templates.
func TestLiteralsComeFirst(t *testing.T) {
	var spec strings.Builder
	spec.WriteString(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{`)
	for i, path := range []string{"/{a}/{b}{c}", "/{a}/save/{b}{c}", "/{a}/raw{c}", "/v2/x/{d}", "/v2/x/y"} {
		if i > 0 {
			spec.WriteByte(',')
		}
		var params []string
		for _, name := range []string{"a", "b", "c", "d"} {
			if strings.Contains(path, "{"+name+"}") {
				params = append(params, fmt.Sprintf(`{"name":%q,"in":"path","required":true,"schema":{"type":"string"}}`, name))
			}
		}
		fmt.Fprintf(&spec, `%q:{"get":{"operationId":%q,"parameters":[%s],"responses":{"200":{"description":"ok"}}}}`,
			path, path, strings.Join(params, ","))
	}
	spec.WriteString(`}}`)
	d, err := Load([]byte(spec.String()))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/A/image/x/y":      "/{a}/{b}{c} map[a:A b:image c:/x/y]",
		"/A/image":          "",
		"/A/im%2Fage/x":     "/{a}/{b}{c} map[a:A b:im/age c:/x]",
		"/A/save/image/x":   "/{a}/save/{b}{c} map[a:A b:image c:/x]",
		"/A/save/image":     "",
		"/A/save/x/%2E%2E/": "/{a}/save/{b}{c} map[a:A b:x c:/../]",
		"/A/raw/image/x":    "/{a}/raw{c} map[a:A c:/image/x]",
		"/A/raw%2Fx":        "",
		"/v2/x/z":           "/v2/x/{d} map[d:z]",
		"/v2/x/y":           "/v2/x/y map[]",
		"/v2/image/x":       "",
		"/v2/raw/x":         "",
	} {
		m, _ := d.find("GET", path, func(*operation) bool { return true })
		got := ""
		if m.operation != nil {
			got = fmt.Sprint(m.operation.id, " ", m.params)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
