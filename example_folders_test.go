package bytescale_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// putFiles stores files of a few bytes on a fake.
func putFiles(server *bytescaletest.Server, paths ...string) {
	for _, path := range paths {
		server.AddFile(bytescale.FileDetails{FilePath: path, MIME: "text/plain"}, []byte("Hello."))
	}
}

func ExampleClient_ListFolder() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/photos/a.jpg", "/photos/b.jpg", "/photos/2026/c.jpg")

	for entry, err := range client.ListFolder(context.Background(), "/photos") {
		if err != nil {
			log.Fatal(err)
		}
		if entry.IsFolder {
			fmt.Println(entry.Path + "/")
			continue
		}
		fmt.Println(entry.Path, entry.Size)
	}
	// Output:
	// /photos/2026/
	// /photos/a.jpg 6
	// /photos/b.jpg 6
}

// A list that breaks off goes on at its cursor.
func ExampleListError() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/a.jpg", "/b.jpg", "/c.jpg")

	ctx, cancel := context.WithCancel(context.Background())
	list := func(ctx context.Context, cursor string) error {
		for entry, err := range client.ListFolder(ctx, "/", bytescale.WithPageSize(1), bytescale.WithCursor(cursor)) {
			if err != nil {
				return err
			}
			fmt.Println(entry.Path)
			cancel() // as if the program were stopped
		}
		return nil
	}
	err := list(ctx, "")
	var broken *bytescale.ListError
	if errors.As(err, &broken) {
		fmt.Println("stopped:", errors.Is(err, context.Canceled))
		err = list(context.Background(), broken.Cursor)
	}
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// /a.jpg
	// stopped: true
	// /b.jpg
	// /c.jpg
}

func ExampleClient_PutFolder() {
	server := startFake()
	defer server.Close()
	client := server.Client()

	ctx := context.Background()
	_, err := client.PutFolder(ctx, "/invoices",
		bytescale.WithDescription("Nobody may read these without credentials."),
		bytescale.WithPublicPermissions([]bytescale.PublicPermission{})) // none
	if err != nil {
		log.Fatal(err)
	}
	folder, err := client.PutFolder(ctx, "/invoices/logos",
		bytescale.WithPublicPermissions([]bytescale.PublicPermission{
			{Scope: bytescale.ScopeChildren, DownloadFile: []string{"raw", "thumbnail-*"}},
		}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(folder.FolderPath, folder.Settings.PublicPermissions)
	fmt.Println("not", folder.SettingsInherited.PublicPermissions, "of", folder.SettingsInherited.PublicPermissionsFrom)
	// Output:
	// /invoices/logos [{Children [raw thumbnail-*]}]
	// not [] of /invoices
}

func ExampleClient_GetFolderDetails() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	server.AddFolder(bytescaletest.Folder{Path: "/photos", Description: "Photos of the team."})

	folder, err := client.GetFolderDetails(context.Background(), "/photos")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(folder.Virtual, folder.Settings.Description)
	// Output:
	// true Photos of the team.
}

func ExampleClient_CopyFile() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/drafts/report.txt")

	ctx := context.Background()
	err := client.CopyFile(ctx, bytescale.FileCopy{
		Source: "/drafts/report.txt", Destination: "/final/report.txt",
		Tags: []string{"final"}, MergeTags: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	file, err := client.GetFileDetails(ctx, "/final/report.txt")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FilePath, file.Size, file.Tags)

	err = client.CopyFile(ctx, bytescale.FileCopy{Source: "/drafts/none.txt", Destination: "/final/none.txt"})
	fmt.Println(errors.Is(err, bytescale.ErrNotFound))
	// Output:
	// /final/report.txt 6 [final]
	// true
}

func ExampleClient_CopyFiles() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/2025/a.txt", "/2025/b.txt")

	ctx := context.Background()
	copies := func(yield func(bytescale.FileCopy) bool) { // from a database, for example
		for _, name := range []string{"a.txt", "b.txt"} {
			if !yield(bytescale.FileCopy{Source: "/2025/" + name, Destination: "/2026/" + name}) {
				return
			}
		}
	}
	for job, err := range client.CopyFiles(ctx, copies) {
		if err != nil {
			log.Fatal(err)
		}
		summary, err := job.Wait(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(summary.Type, summary.Status)
	}
	// Output:
	// CopyFileBatchJob Succeeded
}

func ExampleClient_DeleteFiles() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/old/a.txt", "/old/b.txt", "/old/keep.txt")

	ctx := context.Background()
	for job, err := range client.DeleteFiles(ctx, slices.Values([]string{"/old/a.txt", "/old/b.txt"})) {
		if err != nil {
			log.Fatal(err)
		}
		if _, err := job.Wait(ctx); err != nil {
			log.Fatal(err)
		}
	}
	for _, file := range server.Files() {
		fmt.Println(file.FilePath)
	}
	// Output:
	// /old/keep.txt
}

func ExampleClient_CopyFolder() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/template/index.html", "/template/css/site.css")

	ctx := context.Background()
	folder := bytescale.FolderCopy{Source: "/template", Destination: "/sites/new"}
	for entry, err := range client.PreviewCopyFolder(ctx, folder) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("would copy", entry.Path)
	}
	job, err := client.CopyFolder(ctx, folder)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := job.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	_, ok := server.File("/sites/new/css/site.css")
	fmt.Println(ok)
	// Output:
	// would copy /template/css/site.css
	// would copy /template/index.html
	// true
}

func ExampleClient_CopyFolders() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/template/index.html")

	ctx := context.Background()
	for job, err := range client.CopyFolders(ctx, slices.Values([]bytescale.FolderCopy{
		{Source: "/template", Destination: "/sites/one"},
		{Source: "/template", Destination: "/sites/two"},
	})) {
		if err != nil {
			log.Fatal(err)
		}
		if _, err := job.Wait(ctx); err != nil {
			log.Fatal(err)
		}
	}
	for _, file := range server.Files() {
		fmt.Println(file.FilePath)
	}
	// Output:
	// /sites/one/index.html
	// /sites/two/index.html
	// /template/index.html
}

func ExampleClient_DeleteFolder() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/tmp/a.txt", "/tmp/deep/b.txt", "/photos/c.jpg")

	ctx := context.Background()
	folder := bytescale.FolderDeletion{FolderPath: "/tmp"}
	files := 0
	for entry, err := range client.PreviewDeleteFolder(ctx, folder) {
		if err != nil {
			log.Fatal(err)
		}
		if !entry.IsFolder {
			files++
		}
	}
	fmt.Println("files to delete:", files)

	job, err := client.DeleteFolder(ctx, folder)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := job.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("files left:", len(server.Files()))
	// Output:
	// files to delete: 2
	// files left: 1
}

func ExampleClient_DeleteFolders() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/users/1/a.txt", "/users/2/a.txt", "/users/3/a.txt")

	ctx := context.Background()
	for job, err := range client.DeleteFolders(ctx, slices.Values([]bytescale.FolderDeletion{
		{FolderPath: "/users/1"}, {FolderPath: "/users/3"},
	})) {
		if err != nil {
			log.Fatal(err)
		}
		if _, err := job.Wait(ctx); err != nil {
			log.Fatal(err)
		}
	}
	for _, file := range server.Files() {
		fmt.Println(file.FilePath)
	}
	// Output:
	// /users/2/a.txt
}

// A job that fails ends with an error that says why, and what was done.
func ExampleJob_Wait() {
	server := startFake(bytescaletest.WithJobSteps(1))
	defer server.Close()
	client := server.Client()
	putFiles(server, "/tmp/a.txt")

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	job, err := client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: "/tmp"})
	if err != nil {
		log.Fatal(err)
	}
	server.PutJob(bytescaletest.Job{
		ID: job.ID, Type: string(job.Type), Status: "Failed",
		Error: &bytescaletest.JobError{Code: "storage_unavailable", Message: "The storage does not answer."},
	})
	_, err = job.Wait(ctx)
	var failed *bytescale.JobError
	if errors.As(err, &failed) {
		fmt.Println(failed.Status, failed.Code, failed.Message)
	}
	// Output:
	// Failed storage_unavailable The storage does not answer.
}

func ExampleJob_Watch() {
	server := startFake(bytescaletest.WithMemoryNetwork())
	defer server.Close()
	client := server.Client()
	putFiles(server, "/tmp/a.txt")

	ctx := context.Background()
	job, err := client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: "/tmp"})
	if err != nil {
		log.Fatal(err)
	}
	for state, err := range job.Watch(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(state.Status) // Created, Pending, Running and so on, if it takes a while
	}
	// Output:
	// Succeeded
}

// A job that another process started is known by its type and its id.
func ExampleClient_Job() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	other := server.PutJob(bytescaletest.Job{Type: "CopyFolderBatchJob", Status: "Succeeded"})

	job := client.Job(bytescale.JobType(other.Type), other.ID)
	summary, err := job.Wait(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Status)
	// Output:
	// Succeeded
}

func ExampleClient_GetJob() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	other := server.PutJob(bytescaletest.Job{Type: "CopyFolderBatchJob", Status: "Running"})

	job, err := client.GetJob(context.Background(), bytescale.JobTypeCopyFolderBatch, other.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Status, job.Status.Final())
	// Output:
	// Running false
}

func ExampleClient_CancelJob() {
	server := startFake(bytescaletest.WithJobSteps(1))
	defer server.Close()
	client := server.Client()
	putFiles(server, "/tmp/a.txt", "/tmp/b.txt")

	ctx := context.Background()
	job, err := client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: "/tmp"})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.CancelJob(ctx, job.Type, job.ID); err != nil {
		log.Fatal(err)
	}
	_, err = job.Wait(ctx)
	var ended *bytescale.JobError
	if errors.As(err, &ended) {
		fmt.Println(ended.Status)
	}
	// Output:
	// Cancelled
}

func ExampleClient_ListRecentJobs() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/tmp/a.txt")

	ctx := context.Background()
	if _, err := client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: "/tmp"}); err != nil {
		log.Fatal(err)
	}
	jobs, err := client.ListRecentJobs(ctx, bytescale.JobTypeDeleteFolderBatch)
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range jobs {
		fmt.Println(job.Type, job.Status)
	}
	// Output:
	// DeleteFolderBatchJob Succeeded
}

// The account is a file system for everything that reads one.
func ExampleClient_FS() {
	server := startFake()
	defer server.Close()
	client := server.Client()
	putFiles(server, "/site/index.html", "/site/css/site.css")

	site := client.FS(context.Background(), "/site")
	err := fs.WalkDir(site, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fmt.Println(path, entry.IsDir())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}

	web := httptest.NewServer(http.FileServerFS(site))
	defer web.Close()
	resp, err := http.Get(web.URL + "/css/site.css")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Header.Get("Content-Type"), string(content))
	// Output:
	// . true
	// css true
	// css/site.css false
	// index.html false
	// text/css; charset=utf-8 Hello.
}
