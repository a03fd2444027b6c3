package avatars_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
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

// Callers that send half a picture and stop are still being waited for when another one
// has its answer.
func TestSilentCallersDelayNobody(t *testing.T) {
	const silent = 16
	srv := bytescaletest.NewServer(t)
	begun := make(chan struct{}, silent+1)
	service := httptest.NewServer(avatars.Handler(srv.Client(bytescale.WithObserver(func(e bytescale.Event) {
		switch {
		case e.Kind == bytescale.EventAttempt && e.Operation == "BeginMultipartUpload":
			begun <- struct{}{}
		case e.Kind == bytescale.EventUploadEnd && e.Err != nil:
			begun <- struct{}{} // which is one too many
		}
	}))))
	defer service.Close()
	for i := range silent {
		conn, err := net.Dial("tcp", service.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /avatars/%d HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 10000000\r\n\r\n%0100000d", i, 0)
	}
	for range silent {
		<-begun
	}
	response, err := http.Post(service.URL+"/avatars/42", "image/png", strings.NewReader("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if n := len(begun); response.StatusCode != http.StatusCreated || n != 1 {
		t.Errorf("status %d, and %d uploads began or failed meanwhile; want 201 and 1", response.StatusCode, n)
	}
}
