package bytescaletest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// A program runs a server for as long as it likes.
func ExampleStart() {
	srv, err := bytescaletest.Start(bytescaletest.WithPartSize(5))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	file, err := srv.Client().Upload(context.Background(), bytescale.Bytes([]byte("Hello, world.")),
		bytescale.WithPath("/greeting.txt"))
	if err != nil {
		log.Fatal(err)
	}
	stored, _ := srv.File(file.FilePath)
	fmt.Printf("%s: %s\n", stored.FilePath, stored.Bytes())
	// Output: /greeting.txt: Hello, world.
}

// A test gives its server to the code under test, here an upload, and looks at
// what was stored.
func ExampleNewServer() {
	test := func(t bytescaletest.TB) {
		srv := bytescaletest.NewServer(t) // closes itself
		_, err := srv.Client().Upload(context.Background(), bytescale.Bytes([]byte("png")),
			bytescale.WithPath("/avatars/anna.png"), bytescale.WithMIME("image/png"), bytescale.WithTags("avatar"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, file := range srv.Files() {
			fmt.Println(file.FilePath, file.MIME, file.Tags, file.Size)
		}
	}
	run(test)
	// Output: /avatars/anna.png image/png [avatar] 3
}

// The answer to the first completion is lost. The upload notices that the
// part is complete, and does not send it again.
func ExampleServer_Fail() {
	test := func(t bytescaletest.TB) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(4))
		srv.Fail(fault.Fault{
			Operation: "CompleteUploadPart",
			After:     true,
			Kind:      fault.Reset,
		})
		if _, err := srv.Client().Upload(context.Background(), bytescale.Bytes([]byte("12345678"))); err != nil {
			t.Fatalf("%v", err)
		}
		puts := 0
		for _, exchange := range srv.Exchanges() {
			if exchange.Operation == fault.PutPart {
				puts++
			}
		}
		fmt.Println(puts, "parts sent")
	}
	run(test)
	// Output: 2 parts sent
}

// What breaks the rules of the API fails the test, whatever the code under
// test makes of the error.
func ExampleServer_Violations() {
	srv, err := bytescaletest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	response, err := srv.HTTPClient().Get(srv.URL() + "/v2/accounts/A623uY2/files/details?path=%2Fa.txt")
	if err != nil {
		log.Fatal(err)
	}
	response.Body.Close()
	for _, violation := range srv.Violations() {
		fmt.Println(violation)
	}
	// Unordered output:
	// GetFileDetails: request: security: must carry the documented credentials (credentials)
	// GetFileDetails: request: query/filePath: is required (required)
	// GetFileDetails: request: query/path: is not a known parameter (undocumented)
}

// run runs a test outside of go test.
func run(test func(bytescaletest.TB)) {
	t := &fakeT{}
	test(t)
	if problems := t.end(); problems != "" {
		fmt.Println(problems)
	}
}
