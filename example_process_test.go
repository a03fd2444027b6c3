package bytescale_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/cdn"
)

func ExampleClient_UploadFromURL() {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, "a picture")
	}))
	defer site.Close()
	server := startFake(bytescaletest.WithPrivateURLs()) // the site is on this machine
	defer server.Close()
	client := server.Client()

	ctx := context.Background()
	stored, err := client.UploadFromURL(ctx, site.URL+"/logo.png", bytescale.WithPath("/logos/1.png"))
	if err != nil {
		log.Fatal(err)
	}
	file, err := client.GetFileDetails(ctx, stored.FilePath)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath, file.Size, file.MIME)
	// Output:
	// /logos/1.png 9 image/png
}

func ExampleClient_ProcessFile() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/photos/a.jpg", "/films/b.mp4")

	ctx := context.Background()
	image, err := client.ProcessFile(ctx, "image", "/photos/a.jpg", []cdn.Option{cdn.Width(200), cdn.Format("webp")})
	if err != nil {
		log.Fatal(err)
	}
	defer image.Close()
	content, err := io.ReadAll(image)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(content), "bytes") // the fake leaves images as they are

	// A video is made by a job.
	params := []cdn.Option{cdn.Format("mp4-h264")}
	video, err := client.ProcessFile(ctx, "video", "/films/b.mp4", params)
	var unready *bytescale.NotReadyError
	if errors.As(err, &unready) {
		fmt.Println("wait for the", unready.Job.Type)
		if _, err := unready.Job.Wait(ctx); err != nil {
			log.Fatal(err)
		}
		video, err = client.ProcessFile(ctx, "video", "/films/b.mp4", params)
	}
	if err != nil {
		log.Fatal(err)
	}
	defer video.Close()
	fmt.Println(video.Size, "bytes")
	// Output:
	// 6 bytes
	// wait for the ProcessVideoJob
	// 6 bytes
}

func ExampleClient_ProcessFileAndSave() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/photos/a.jpg", "/films/b.mp4")

	ctx := context.Background()
	image, err := client.ProcessFileAndSave(ctx, "image", "/photos/a.jpg",
		[]cdn.Option{cdn.Width(200), cdn.Format("webp")}, bytescale.WithPath("/thumbnails/a.webp"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(image.FilePath)

	video, err := client.ProcessFileAndSave(ctx, "video", "/films/b.mp4",
		[]cdn.Option{cdn.Format("mp4-h264")}, bytescale.WithPath("/films/b-h264.mp4"))
	if err != nil {
		log.Fatal(err)
	}
	summary, err := video.Job.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Type, summary.Status)
	// Output:
	// /thumbnails/a.webp
	// ProcessVideoJob Succeeded
}

func ExampleClient_ResetCache() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	ctx := context.Background()
	job, err := client.ResetCache(ctx, "/image/photos/*", true, true)
	if err != nil {
		log.Fatal(err)
	}
	summary, err := job.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Type, summary.Status)

	_, err = client.ResetCache(ctx, "/image/*/a.jpg", true, true)
	var refused *bytescale.ArgumentError
	fmt.Println(errors.As(err, &refused), err)
	// Output:
	// ResetCacheJob Succeeded
	// true pattern: "/image/*/a.jpg" does not begin with a slash, or has "*" elsewhere than at its end
}
