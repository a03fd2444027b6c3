package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

func TestZZProf(t *testing.T) {
	for range 5 {
		code := run(context.Background(), []string{"upload", "--quiet", "--recursive", "--api-rate", "1000000", "--api-url", "http://127.0.0.1:9901", "/tmp/small"}, os.Getenv, strings.NewReader(""), io.Discard, os.Stderr)
		if code != 0 { t.Fatal(code) }
	}
}
