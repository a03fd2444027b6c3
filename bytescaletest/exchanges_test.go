package bytescaletest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

func TestExchanges(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10))
	s := newSession(t, srv)
	s.mustBegin("0123456789abc")
	srv.Fail(fault.Fault{Operation: fault.PutPart, Kind: fault.Status, Status: 500})
	url := s.begun.UploadParts.First.UploadURL
	s.putTo(url, s.source[:10])
	s.putTo(url, s.source[:10])
	s.api(http.MethodGet, "/files/details?filePath=%2Fsecret", nil)
	var got []string
	for _, x := range srv.Exchanges() {
		if x.End.Before(x.Start) || strings.Contains(x.Path, "signature") || strings.Contains(x.Path, "secret") {
			t.Errorf("exchange %+v", x)
		}
		got = append(got, fmt.Sprintf("%s %d #%d: %d %s %q, %d in", x.Operation, x.Part, x.Attempt, x.Status, x.Code, x.Fault, x.BytesIn))
	}
	want := []string{
		`BeginMultipartUpload -1 #1: 200  "", 28 in`,
		`PutPart 0 #1: 500 InternalError "status", 10 in`,
		`PutPart 0 #2: 200  "", 10 in`,
		`GetFileDetails -1 #1: 404 file_not_found "", 0 in`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exchanges (-want +got):\n%s", diff)
	}
	if x := srv.Exchanges()[0]; x.UploadID != s.begun.UploadID {
		t.Errorf("begin is about upload %q", x.UploadID)
	}
}
