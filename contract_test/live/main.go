// Command live runs the contract against a real server: the service itself, or any other that BYTESCALE_API_URL names.
// It uploads small files in every way there is, looks at them, downloads and deletes them, and validates every exchange
// against openapi.yaml, tolerantly: the service may have grown fields. What it prints is Markdown that can be pasted into
// an issue: what was exercised, and every deviation.
//
//	BYTESCALE_API_KEY=secret_… go run ./contract_test/live
//
// The key should be a secret one, or what was uploaded cannot be deleted. BYTESCALE_CDN_URL names another CDN. The exit
// code is 0 when nothing deviates, 1 otherwise, and 0 without a key, since nothing was run then.
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
