package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
)

type settings struct {
	key, apiURL, cdnURL string
	transport           http.RoundTripper // nil: http.DefaultTransport
}

// examination is one run against a server.
type examination struct {
	report
	client *bytescale.Client
	http   *http.Client // validates, like that of the SDK
	settings
	folder string // of this run alone
	mu     sync.Mutex
	files  []string // to delete
}

// runs is the folder that holds the folder of each run.
const runs = "/contract-live"

// examine runs every step, even if others fail, and deletes the files and folders that they made.
func examine(ctx context.Context, s settings) (*report, error) {
	if s.apiURL == "" {
		s.apiURL = bytescale.DefaultAPIURL
	}
	if s.cdnURL == "" {
		s.cdnURL = bytescale.DefaultCDNURL
	}
	recorder, err := contract.NewRecorder("")
	if err != nil {
		return nil, err
	}
	x := &examination{settings: s, folder: runs + "/" + time.Now().UTC().Format("20060102-150405-") + rand.Text()[:6]}
	servers, err := contract.ParseServers(s.apiURL, s.cdnURL)
	if err != nil {
		return nil, err
	}
	x.http = &http.Client{
		Transport: contract.NewTransport(s.transport, contract.WithReportOnly(), contract.WithServers(servers),
			contract.WithCoverage(recorder), contract.WithReporter(x.deviates)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	x.client, err = bytescale.NewClient(s.key, bytescale.WithAPIURL(s.apiURL), bytescale.WithCDNURL(s.cdnURL), bytescale.WithTransport(x.http.Transport))
	if err != nil {
		return nil, err
	}
	x.report.apiURL, x.report.started = s.apiURL, time.Now().UTC()
	for _, step := range steps {
		if err := step.do(x, ctx); err != nil {
			x.failed = append(x.failed, fmt.Sprintf("%s: %v", step.name, err))
		}
	}
	x.cleanUp(context.WithoutCancel(ctx))
	x.coverage = contract.Default().Coverage(recorder)
	return &x.report, nil
}

func (x *examination) deviates(_ context.Context, v contract.Violation) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.deviations = append(x.deviations, v)
}

// observe records a behaviour that the contract leaves open.
func (x *examination) observe(format string, args ...any) {
	x.observations = append(x.observations, fmt.Sprintf(format, args...))
}

// path returns the path for the file of a step, which is deleted at the end.
func (x *examination) path(name string) string {
	path := x.folder + "/" + name
	x.files = append(x.files, path)
	return path
}

// cleanUp deletes the folder of the run with all that is in it, and the folder of all runs if nothing else is in it. Where
// that fails it deletes file by file, and notes what is left. Ctrl-C does not stop it, but it takes some minutes at most.
func (x *examination) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*longestJob)
	defer cancel()
	job, err := x.client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: x.folder})
	if err := x.wait(ctx, job, err); err != nil {
		x.left = append(x.left, fmt.Sprintf("%s (%v)", x.folder, err))
		x.deleteFiles(ctx)
		return
	}
	for _, err := range x.client.ListFolder(ctx, runs, bytescale.WithPageSize(1)) {
		if err != nil {
			x.left = append(x.left, fmt.Sprintf("%s (%v)", runs, err))
		}
		return // of another run
	}
	job, err = x.client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: runs, KeepFiles: true, DirectFilesOnly: true})
	if err := x.wait(ctx, job, err); err != nil {
		x.left = append(x.left, fmt.Sprintf("%s (%v)", runs, err))
	}
}

// deleteFiles deletes the files one by one.
func (x *examination) deleteFiles(ctx context.Context) {
	for _, path := range x.files {
		err := x.client.DeleteFile(ctx, path)
		if err != nil && !isNotFound(err) {
			x.left = append(x.left, fmt.Sprintf("%s (%v)", path, err))
		}
	}
}
