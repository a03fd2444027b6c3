// Command live checks a real server against the contract: the service, or the server that BYTESCALE_API_URL names. It
// uploads small files in every way, reads, downloads, copies and deletes them, makes folders, starts jobs, and validates every exchange against
// openapi.yaml. Unknown properties of responses are accepted, because the service may have gained some. It prints a report
// in Markdown that can be pasted into an issue: what was exercised, and every deviation.
//
//	BYTESCALE_API_KEY=secret_… go run ./contract_test/live
//
// The key should be a secret one. With a public one, the uploaded files cannot be deleted. BYTESCALE_CDN_URL names another
// CDN. The exit code is 0 if nothing deviates or if there is no key, and 1 otherwise.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	code := run(ctx, os.Getenv, os.Stdout)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, getenv func(string) string, out io.Writer) int {
	key := getenv("BYTESCALE_API_KEY")
	if key == "" {
		fmt.Fprintln(out, "BYTESCALE_API_KEY is not set: nothing was run, and nothing is known about the live service.")
		return 0
	}
	report, err := examine(ctx, settings{key: key, apiURL: getenv("BYTESCALE_API_URL"), cdnURL: getenv("BYTESCALE_CDN_URL")})
	if err != nil {
		fmt.Fprintln(out, "live contract run:", err)
		return 1
	}
	report.print(out)
	if !report.good() {
		return 1
	}
	return 0
}
