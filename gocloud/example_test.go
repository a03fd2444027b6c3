package bytescaleblob_test

import (
	"context"
	"fmt"
	"log"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	bytescaleblob "github.com/c88edac7/bytescale-go/gocloud"
)

func ExampleOpenBucket() {
	srv, err := bytescaletest.Start() // in place of the service
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	ctx := context.Background()
	bucket, err := bytescaleblob.OpenBucket(srv.Client(), &bytescaleblob.Options{Folder: "/uploads"})
	if err != nil {
		log.Fatal(err)
	}
	defer bucket.Close()
	if err := bucket.WriteAll(ctx, "hello.txt", []byte("Hello"), nil); err != nil {
		log.Fatal(err)
	}
	content, err := bucket.ReadAll(ctx, "hello.txt")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", content)
	// Output: Hello
}
