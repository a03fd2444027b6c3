package bytescale_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/gen"
)

// The examples upload to a fake of the service, so that they can be run. With
// the real one, clients come from NewClient and everything else stays.
func startFake(opts ...bytescaletest.Option) *bytescaletest.Server {
	server, err := bytescaletest.Start(opts...)
	if err != nil {
		log.Fatal(err)
	}
	return server
}

func Example() {
	server := startFake()
	defer server.Close()

	client, err := bytescale.NewClient(server.Key(), // or NewClientFromEnv
		bytescale.WithAPIURL(server.URL()), bytescale.WithCDNURL(server.URL())) // neither for the real service
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	ctx := context.Background()
	file, err := client.Upload(ctx, bytescale.Bytes([]byte("Hello, world.")), bytescale.WithPath("/uploads/hello.txt"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath, file.Size)

	download, err := client.Download(ctx, file.FilePath)
	if err != nil {
		log.Fatal(err)
	}
	defer download.Close()
	content, err := io.ReadAll(download)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", content)

	// Output:
	// /uploads/hello.txt 13
	// Hello, world.
}

func ExampleNewClient() {
	client, err := bytescale.NewClient("secret_A623uY2xyz",
		bytescale.WithPutsInFlight(16),
		bytescale.WithBufferBudget(256<<20),
		bytescale.WithUserAgent("my-service/1.2"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.AccountID())

	_, err = bytescale.NewClient("YOUR_API_KEY")
	fmt.Println(errors.Is(err, bytescale.ErrInvalidKey), err)

	_, err = bytescale.NewClient("secret_A623uY2xyz", bytescale.WithPutsInFlight(1000))
	fmt.Println(err)

	// Output:
	// A623uY2
	// true apiKey: begins neither with "public_" nor with "secret_"
	// putsInFlight: 1000 is outside 1..256
}

// A thumbnail takes one request instead of three.
func ExampleWithSingleRequest() {
	server := startFake()
	defer server.Close()

	client := server.Client(bytescale.WithObserver(func(e bytescale.Event) {
		switch e.Kind {
		case bytescale.EventAttempt:
			fmt.Println(e.Operation)
		case bytescale.EventNoSingleRequest:
			fmt.Println("sent in parts:", e.Err)
		}
	}))
	thumbnail := bytescale.Bytes([]byte("..."))
	file, err := client.Upload(context.Background(), thumbnail,
		bytescale.WithSingleRequest(1<<20), bytescale.WithPath("/thumbnails/1.jpg"), bytescale.WithMIME("image/jpeg"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath, file.Size)

	// The service chooses the name, so that a repeated request would store a second file.
	_, err = client.Upload(context.Background(), thumbnail, bytescale.WithSingleRequest(1<<20), bytescale.WithFolder("/thumbnails"))
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// BasicUpload
	// /thumbnails/1.jpg 3
	// sent in parts: the path is not fixed: it must begin with a slash and have neither variables nor a fallback
	// BeginMultipartUpload
	// PutPart
	// CompleteUploadPart
}

// Two clients share one rate of 500 calls per second.
func ExampleWithLimiter() {
	server := startFake()
	defer server.Close()

	limiter := rate.NewLimiter(500, 100)
	pictures := server.Client(bytescale.WithLimiter(limiter))
	films := server.Client(bytescale.WithLimiter(limiter))

	for _, client := range []*bytescale.Client{pictures, films} {
		file, err := client.Upload(context.Background(), bytescale.Bytes([]byte("...")))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(file.Size, "bytes")
	}
	// Output:
	// 3 bytes
	// 3 bytes
}

// A transport of one's own keeps what makes the default one fast.
func ExampleNewTransport() {
	server := startFake()
	defer server.Close()

	transport := bytescale.NewTransport()
	transport.Proxy = nil // not even the environment's
	client, err := bytescale.NewClient(server.Key(), bytescale.WithAPIURL(server.URL()), bytescale.WithTransport(transport))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	file, err := client.Upload(context.Background(), bytescale.Bytes([]byte("Hello, world.")), bytescale.WithPath("/hello.txt"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath)
	// Output:
	// /hello.txt
}

// A tracer may record all that it sees: the signature of a part's URL and the
// credentials are not there.
func ExampleWithMiddleware() {
	server := startFake()
	defer server.Close()

	client := server.Client(bytescale.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return tracer{next} // otelhttp.NewTransport(next), for example
	}))
	if _, err := client.Upload(context.Background(), bytescale.Bytes([]byte("Hello, world."))); err != nil {
		log.Fatal(err)
	}
	// Output:
	// BeginMultipartUpload, attempt 1: query "", authorization ""
	// PutPart, attempt 1: query "", authorization ""
	// CompleteUploadPart, attempt 1: query "", authorization ""
}

// tracer stands for middleware of any kind.
type tracer struct{ next http.RoundTripper }

func (t tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	info, _ := bytescale.RequestInfoFromContext(req.Context())
	fmt.Printf("%s, attempt %d: query %q, authorization %q\n", info.Operation, info.Attempt, req.URL.RawQuery, req.Header.Get("Authorization"))
	return t.next.RoundTrip(req)
}

func ExampleEventLogger() {
	server := startFake()
	defer server.Close()
	server.Fail(fault.Fault{
		Operation: "GetFileDetails", Kind: fault.Status, Status: http.StatusInternalServerError, RetryAfterMillis: 1000,
	})
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // it differs from run to run
			}
			return a
		},
	}))
	client := server.Client(bytescale.WithObserver(bytescale.EventLogger(logger)))
	if _, err := client.GetFileDetails(context.Background(), "/missing.txt"); err != nil {
		logger.Info("no such file", "err", err)
	}

	// Output:
	// level=WARN msg="bytescale retry" operation=GetFileDetails attempt=1 status=500 wait=1s err.msg="GetFileDetails: 500 Internal Server Error: scripted_fault: Internal Server Error" err.operation=GetFileDetails err.status=500 err.code=scripted_fault err.retryAfter=1s
	// level=INFO msg="no such file" err.msg="GetFileDetails: 404 Not Found: file_not_found: No file at this path." err.operation=GetFileDetails err.status=404 err.code=file_not_found
}

func ExampleClient_Upload() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "movie.mp4")
	if err := os.WriteFile(path, make([]byte, 12<<20), 0o600); err != nil {
		log.Fatal(err)
	}

	file, err := client.Upload(context.Background(), bytescale.File(path),
		bytescale.WithFolder("/movies"), bytescale.WithFileName("{ORIGINAL_FILE_NAME}-final{ORIGINAL_FILE_EXT}"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath)
	fmt.Println(file.OriginalFileName, file.Size, file.ETag != "")

	// Output:
	// /movies/movie-final.mp4
	// movie.mp4 12582912 true
}

func ExampleClient_Upload_options() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	body := strings.NewReader("a picture")
	file, err := client.Upload(context.Background(), bytescale.Reader(body, body.Size()),
		bytescale.WithPath("/avatars/42.jpg"),
		bytescale.WithMIME("image/jpeg"),
		bytescale.WithTags("avatar", "public"),
		bytescale.WithMetadata(map[string]any{"user": 42}),
		bytescale.WithOriginalFileName("me.jpg"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath, file.MIME, file.Tags, file.Metadata["user"], file.OriginalFileName)

	_, err = client.Upload(context.Background(), bytescale.Bytes(nil), bytescale.WithMIME("jpeg"))
	var refused *bytescale.ArgumentError
	if errors.As(err, &refused) {
		fmt.Println("refused:", refused.Field)
	}

	// Output:
	// /avatars/42.jpg image/jpeg [avatar public] 42 me.jpg
	// refused: mime
}

func ExampleStream() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	// The size of what comes out of a pipe is not known before its end.
	reader, writer := io.Pipe()
	go func() {
		for i := range 3 {
			fmt.Fprintln(writer, "line", i)
		}
		writer.Close()
	}()
	file, err := client.Upload(context.Background(), bytescale.Stream(reader), bytescale.WithPath("/logs/today.txt"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath, file.Size)

	// Output:
	// /logs/today.txt 21
}

// A service lets a caller that goes silent end its own upload.
func ExampleWithReadTimeout() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, err := client.Upload(r.Context(), bytescale.Reader(r.Body, r.ContentLength),
			bytescale.WithReadTimeout(30*time.Second, http.NewResponseController(w).SetReadDeadline))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			http.Error(w, "nothing came for 30 s", http.StatusRequestTimeout)
		case err != nil:
			http.Error(w, "not stored", http.StatusBadGateway)
		default:
			fmt.Fprintln(w, file.Size, "bytes are stored")
		}
	}))
	defer service.Close()

	response, err := http.Post(service.URL, "text/plain", strings.NewReader("hello"))
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(os.Stdout, response.Body)
	// Output: 5 bytes are stored
}

// A web request that lives for 10 seconds has no time for the waits of a large transfer.
func ExampleClient_WithTimeouts() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	web := client.
		WithTimeouts(bytescale.Timeouts{Connect: 2 * time.Second, Call: 2 * time.Second, PartAnswer: 2 * time.Second}).
		WithRetryPolicy(bytescale.RetryPolicy{TotalWait: 5 * time.Second, LongestWait: time.Second})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	file, err := web.Upload(ctx, bytescale.Bytes([]byte("hello")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Size, "bytes are stored")
	// Output: 5 bytes are stored
}

func ExampleWithProgress() {
	server := startFake(bytescaletest.WithPartSize(400))
	defer server.Close()
	client := server.Client(bytescale.WithPutsInFlight(1))

	var last bytescale.Progress
	_, err := client.Upload(context.Background(), bytescale.Bytes(make([]byte, 1000)),
		bytescale.WithProgress(func(p bytescale.Progress) { last = p }))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d bytes confirmed, %d sent\n", last.Confirmed, last.Total, last.Sent)

	// Output:
	// 1000 of 1000 bytes confirmed, 1000 sent
}

func ExampleClient_Resume() {
	server := startFake(bytescaletest.WithPartSize(400))
	defer server.Close()
	client := server.Client()
	content := bytes.Repeat([]byte("0123456789"), 100)

	// The upload breaks off: storage refuses one of its three parts.
	server.Fail(fault.Fault{
		Operation: fault.PutPart, Part: fault.Part(1),
		Kind: fault.Status, Status: http.StatusBadRequest, Code: "InvalidRequest",
	})
	var saved []byte
	_, err := client.Upload(context.Background(), bytescale.Bytes(content), bytescale.WithPath("/data.bin"),
		bytescale.WithCheckpoint(func(c bytescale.Checkpoint) (err error) {
			saved, err = json.Marshal(c) // to a file, usually
			return err
		}))
	var failed *bytescale.UploadError
	if errors.As(err, &failed) {
		fmt.Printf("part %d failed, bytes %d to %d\n", failed.Part, failed.Start, failed.End)
	}

	// Later, perhaps in another process.
	var checkpoint bytescale.Checkpoint
	if err := json.Unmarshal(saved, &checkpoint); err != nil {
		log.Fatal(err)
	}
	file, err := client.Resume(context.Background(), checkpoint, bytescale.Bytes(content))
	if errors.Is(err, bytescale.ErrCheckpoint) || errors.Is(err, bytescale.ErrUploadUnknown) || errors.Is(err, bytescale.ErrSourceChanged) {
		log.Fatal("begin again with Upload")
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath, file.Size)

	// Output:
	// part 1 failed, bytes 400 to 799
	// /data.bin 1000
}

func ExampleWithSHA256() {
	server := startFake()
	defer server.Close()
	client, ctx := server.Client(), context.Background()
	file, err := client.Upload(ctx, bytescale.Bytes([]byte("Hello, world.")), bytescale.WithSHA256())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.SHA256)

	download, err := client.Download(ctx, file.FilePath, bytescale.WithExpectedSHA256(file.SHA256))
	if err != nil {
		log.Fatal(err)
	}
	defer download.Close()
	content, err := io.ReadAll(download) // ErrDigest if these are other bytes
	fmt.Printf("%s %v\n", content, err)
	// Output:
	// f8c3bf62a9aa3e6fc1619c250e48abe7519373d3edf41be62eb5dc45199af2ef
	// Hello, world. <nil>
}

func ExampleFileDetails_DecodeMetadata() {
	server := startFake()
	defer server.Close()
	file, err := server.Client().Upload(context.Background(), bytescale.Bytes(nil),
		bytescale.WithMetadata(map[string]any{"user": 42, "album": "spring"}))
	if err != nil {
		log.Fatal(err)
	}
	var photo struct {
		User  int64  `json:"user"`
		Album string `json:"album"`
	}
	if err := file.DecodeMetadata(&photo); err != nil {
		log.Fatal(err)
	}
	fmt.Println(photo.User, photo.Album)
	// Output:
	// 42 spring
}

func ExampleOpenedFile() {
	server := startFake()
	defer server.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "hello.txt"), []byte("Hello, world."), 0o600); err != nil {
		log.Fatal(err)
	}

	f, err := os.OpenInRoot(dir, "hello.txt") // whatever links there are, it lies in dir
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	file, err := server.Client().Upload(context.Background(), bytescale.OpenedFile(f))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.OriginalFileName, file.Size)
	// Output:
	// hello.txt 13
}

// The first upload breaks off. The second one, in the same process or another, continues.
func ExampleWithResume() {
	server := startFake(bytescaletest.WithPartSize(400))
	defer server.Close()
	client := server.Client(bytescale.WithObserver(func(e bytescale.Event) {
		switch e.Kind {
		case bytescale.EventResume:
			fmt.Println("continuing")
		case bytescale.EventStartAfresh, bytescale.EventStoreFailure:
			fmt.Println(e.Kind, e.Err)
		}
	}))
	server.Fail(fault.Fault{
		Operation: fault.PutPart, Part: fault.Part(1),
		Kind: fault.Status, Status: http.StatusBadRequest, Code: "InvalidRequest",
	})
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "film.mp4")
	if err := os.WriteFile(path, make([]byte, 1000), 0o600); err != nil {
		log.Fatal(err)
	}

	store, err := bytescale.NewCheckpointDir(filepath.Join(dir, "checkpoints"))
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		file, err := client.Upload(context.Background(), bytescale.File(path), bytescale.WithResume(store, path))
		if err != nil {
			fmt.Println("interrupted")
			continue
		}
		fmt.Println("stored", file.Size, "bytes")
	}

	// Output:
	// interrupted
	// continuing
	// stored 1000 bytes
}

func ExampleClient_Download() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	ctx := context.Background()
	if _, err := client.Upload(ctx, bytescale.Bytes([]byte("Hello, world.")), bytescale.WithPath("/hello.txt")); err != nil {
		log.Fatal(err)
	}

	download, err := client.Download(ctx, "/hello.txt", bytescale.WithRange(7, 5))
	if err != nil {
		log.Fatal(err)
	}
	defer download.Close()
	content, err := io.ReadAll(download)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d bytes from %d on, of %d\n", content, download.Size, download.Offset, download.FileSize)

	// Output:
	// world: 5 bytes from 7 on, of 13
}

func ExampleClient_DeleteFile() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	ctx := context.Background()
	if _, err := client.Upload(ctx, bytescale.Bytes([]byte("x")), bytescale.WithPath("/a.txt")); err != nil {
		log.Fatal(err)
	}

	fmt.Println(client.DeleteFile(ctx, "/a.txt"))
	fmt.Println(errors.Is(client.DeleteFile(ctx, "/a.txt"), bytescale.ErrNotFound))

	// Output:
	// <nil>
	// true
}

func ExampleClient_FileURL() {
	client, err := bytescale.NewClient("public_A623uY2xyz")
	if err != nil {
		log.Fatal(err)
	}
	address, err := client.FileURL("/uploads/my cat & me.jpg")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(address)

	// Output:
	// https://upcdn.io/A623uY2/raw/uploads/my%20cat%20%26%20me.jpg
}

func ExampleAPIError() {
	server := startFake(bytescaletest.WithKeys("secret_A623uY2known"))
	defer server.Close()
	client, err := bytescale.NewClient("secret_A623uY2unknown", bytescale.WithAPIURL(server.URL()))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	_, err = client.GetFileDetails(context.Background(), "/a.txt")
	var failed *bytescale.APIError
	if errors.As(err, &failed) {
		fmt.Println(failed.Operation, failed.Status, failed.Code)
	}

	// Output:
	// GetFileDetails 401 authentication_failed_credentials_denied
}

func ExampleWithObserver() {
	server := startFake()
	defer server.Close()
	server.Fail(fault.Fault{
		Operation: "GetFileDetails", Kind: fault.Status, Status: http.StatusInternalServerError, RetryAfterMillis: 1000,
	})
	client := server.Client(bytescale.WithObserver(func(e bytescale.Event) {
		switch e.Kind {
		case bytescale.EventAttempt:
			fmt.Println(e.Operation, "attempt", e.Attempt, "status", e.Status)
		case bytescale.EventRetry:
			fmt.Println(e.Operation, "again after", e.Wait)
		}
	}))
	_, err := client.GetFileDetails(context.Background(), "/missing.txt")
	fmt.Println(errors.Is(err, bytescale.ErrNotFound))

	// Output:
	// GetFileDetails attempt 1 status 500
	// GetFileDetails again after 1s
	// GetFileDetails attempt 2 status 404
	// true
}

func ExampleClient_API() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	result, err := client.API().BasicUploadWithBodyWithResponse(context.Background(), client.AccountID(),
		&gen.BasicUploadParams{FilePath: new("/hello.txt")}, "text/plain", strings.NewReader("Hello, world."))
	if err != nil {
		log.Fatal(err)
	}
	if result.JSON200 == nil {
		log.Fatal(result.Status())
	}
	fmt.Println(result.JSON200.FilePath)

	// Output:
	// /hello.txt
}

func ExampleClient_DownloadTo() {
	srv, err := bytescaletest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.AddFile(bytescale.FileDetails{FilePath: "/films/film.mp4"}, []byte("a film"))
	dir, err := os.MkdirTemp("", "films-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	// If this fails, or the process is killed, the same call continues.
	file, err := srv.Client().DownloadTo(context.Background(), "/films/film.mp4", filepath.Join(dir, "film.mp4"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Size, "bytes")
	// Output: 6 bytes
}
