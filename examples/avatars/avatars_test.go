package avatars_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/examples/avatars"
)

// post sends a picture to a service of its own.
func post(t *testing.T, srv *bytescaletest.Server, picture string) int {
	t.Helper()
	service := httptest.NewServer(avatars.Handler(srv.Client()))
	defer service.Close()
	response, err := http.Post(service.URL+"/avatars/42", "image/png", strings.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestStoresThePicture(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	if status := post(t, srv, "a picture"); status != http.StatusCreated {
		t.Errorf("status %d, want 201", status)
	}
	stored, ok := srv.File("/avatars/42")
	if !ok || string(stored.Bytes()) != "a picture" || stored.MIME != "image/png" {
		t.Errorf("stored: %v, %+v", ok, stored)
	}
}

func TestSurvivesABrokenConnection(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	srv.Fail(fault.Fault{Operation: "PutPart", Kind: fault.Reset})
	if status := post(t, srv, "a picture"); status != http.StatusCreated {
		t.Errorf("status %d, want 201", status)
	}
}

func TestSaysThatTheNameIsTaken(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	srv.Fail(fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Status, Status: http.StatusForbidden})
	if status := post(t, srv, "a picture"); status != http.StatusConflict {
		t.Errorf("status %d, want 409", status)
	}
}
