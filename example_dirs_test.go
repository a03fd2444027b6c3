package bytescale_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"mime"
	"os"
	"path"
	"testing/fstest"

	"github.com/c88edac7/bytescale-go"
)

// photos stands for the FS of an os.Root, or any other file system.
var photos = fstest.MapFS{
	"cat.jpg":      {Data: []byte("cat"), Mode: 0o644},
	"2026/dog.jpg": {Data: []byte("dog"), Mode: 0o644},
	"notes.txt":    {Data: []byte("notes"), Mode: 0o644},
}

func ExampleClient_UploadDir() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	uploads := client.UploadDir(context.Background(), photos, "/photos", bytescale.WithExclude("*.txt"))
	for file, err := range uploads {
		if err != nil {
			log.Print(err) // the other files go on; return here to stop at the first failure
			continue
		}
		fmt.Println(file.Action, file.Path, "as", file.Details.FilePath)
	}
	// Unordered output:
	// uploaded cat.jpg as /photos/cat.jpg
	// uploaded 2026/dog.jpg as /photos/2026/dog.jpg
}

// The MIME type is not guessed. Options can depend on the file.
func ExampleWithFileOptions() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	options := bytescale.WithFileOptions(func(file bytescale.DirFile) ([]bytescale.UploadOption, error) {
		return []bytescale.UploadOption{bytescale.WithMIME(mime.TypeByExtension(path.Ext(file.Path)))}, nil
	})
	for file, err := range client.UploadDir(context.Background(), photos, "/photos", bytescale.WithInclude("/2026"), options) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(file.Path, file.Details.MIME)
	}
	// Output: 2026/dog.jpg image/jpeg
}

// A folder is made equal to a directory: only what differs is uploaded, and what is no longer
// there is deleted.
func ExampleWithChangedOnly() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/photos/cat.jpg", "/photos/old.jpg")

	uploads := client.UploadDir(context.Background(), photos, "/photos",
		bytescale.WithChangedOnly(), bytescale.WithDelete(), bytescale.WithDryRun())
	for file, err := range uploads {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(file.Action, file.Path+":", file.Reason)
	}
	// Output:
	// uploaded 2026/dog.jpg: missing
	// uploaded cat.jpg: size-differs
	// uploaded notes.txt: missing
	// deleted old.jpg: extra
}

func ExampleClient_DownloadDir() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/photos/cat.jpg", "/photos/2026/dog.jpg")
	dir, err := os.MkdirTemp("", "photos")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	// The same call again completes what was interrupted, and brings the directory up to date.
	downloads := client.DownloadDir(context.Background(), "/photos", dir, bytescale.WithChangedOnly(), bytescale.WithOverwrite())
	failed := 0
	for file, err := range downloads {
		var one *bytescale.DirError
		switch {
		case errors.As(err, &one):
			log.Print(err)
			failed++
		case err != nil:
			log.Fatal(err) // it concerns all files
		default:
			fmt.Println(file.Action, file.Path, file.Size)
		}
	}
	fmt.Println(failed, "failed")
	// Unordered output:
	// downloaded cat.jpg 6
	// downloaded 2026/dog.jpg 6
	// 0 failed
}
