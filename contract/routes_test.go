package contract

import (
	"reflect"
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
		{"GET", "/A623uY2/rawx/a", "", nil},
		{"GET", "/A623uY2/image/a", "", nil},
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
