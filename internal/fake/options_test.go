package fake

import (
	"net/http/httptest"
	"testing"

	"github.com/c88edac7/bytescale-go/contract"
)

func TestServerNotesItsCoverage(t *testing.T) {
	recorder, err := contract.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	server, err := New(Options{Coverage: recorder})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	r := httptest.NewRequest("DELETE", "/v2/accounts/A623uY2/files?filePath=%2Fmissing", nil)
	r.Header.Set("Authorization", "Bearer secret_A623uY2coverage")
	server.ServeHTTP(httptest.NewRecorder(), r)
	if seen, _ := contract.Default().Coverage(recorder).Count(); seen != 1 {
		t.Errorf("%d points were noted, want that of the 404", seen)
	}
}
