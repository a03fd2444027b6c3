package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// Faults are data, so tables of them can live in files.
func ExampleFault() {
	var faults []fault.Fault
	err := json.Unmarshal([]byte(`[
		{"operation": "BeginMultipartUpload", "kind": "status", "status": 413, "code": "file_too_large"}
	]`), &faults)
	if err != nil {
		log.Fatal(err)
	}
	srv, err := bytescaletest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.Fail(faults...)
	_, err = srv.Client().Upload(context.Background(), bytescale.Bytes([]byte("large")))
	var failed *bytescale.APIError
	if errors.As(err, &failed) {
		fmt.Println(failed.Status, failed.Code)
	}
	// Output: 413 file_too_large
}
