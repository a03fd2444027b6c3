package contract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/contract"
)

// An HTTP client whose calls fail when they, or the answers to them, break the contract. Here a middleware of the
// service has broken the request.
func ExampleNewTransport() {
	srv, err := bytescaletest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	servers, err := contract.ParseServers(srv.URL(), srv.URL())
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: contract.NewTransport(nil, contract.WithStrict(), contract.WithServers(servers))}

	r, err := http.NewRequest("POST", srv.URL()+"/v2/accounts/"+srv.AccountID()+"/uploads", strings.NewReader(`{"size":-1}`))
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+srv.Key())

	_, err = client.Do(r)
	var broken *contract.Error
	if errors.As(err, &broken) {
		for _, v := range broken.Violations {
			fmt.Println(v)
		}
	}
	// Output:
	// BeginMultipartUpload request: body/size: must be at least 0 (minimum)
}

// Watching a client in production: violations are logged, the traffic passes.
func ExampleWithReportOnly() {
	watched := contract.NewTransport(bytescale.NewTransport(), contract.WithReportOnly(),
		contract.WithReporter(func(_ context.Context, v contract.Violation) { log.Print(v) }))

	client, err := bytescale.NewClient("public_A623uY2xyz", bytescale.WithTransport(watched))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.AccountID())
	// Output: A623uY2
}

// A mock of one's own that is held to the contract: it forgot that the list is never null.
func ExampleNewHandler() {
	mock := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"remainingUploadParts":null}`)
	})
	checked := contract.NewHandler(mock, contract.WithStrict(),
		contract.WithReporter(func(_ context.Context, v contract.Violation) { fmt.Println(v) }))

	r := httptest.NewRequest("GET", "/v2/accounts/A623uY2/uploads/Kd759aLFxttm69kZ/parts", nil)
	r.SetBasicAuth("apikey", "public_A623uY2xyz")
	w := httptest.NewRecorder()
	checked.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// ListUploadParts response 200: body/remainingUploadParts: must not be null (nullable)
	// 500
}

// What a test suite has exercised. Several processes may record to one directory.
func ExampleRecorder() {
	dir, err := os.MkdirTemp("", "coverage")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := contract.NewRecorder(dir)
	if err != nil {
		log.Fatal(err)
	}
	gone := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	checked := contract.NewHandler(gone, contract.WithCoverage(recorder))

	r := httptest.NewRequest("DELETE", "/v2/accounts/A623uY2/files?filePath=%2Fa.txt", nil)
	r.SetBasicAuth("apikey", "secret_A623uY2xyz")
	checked.ServeHTTP(httptest.NewRecorder(), r)
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}

	coverage, err := contract.Default().ReadCoverage(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range coverage.Points {
		if p.Seen {
			fmt.Println(p)
		}
	}
	// Output:
	// DeleteFile request no body
	// DeleteFile response 204
	// DeleteFile security BasicAuth
	// DeleteFile parameter query:filePath
	// DeleteFile parameter path:accountId
}
