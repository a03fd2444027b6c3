package bytescale

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestWithSHA256(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 999, 5500, 300_000} {
		data := content(size)
		for name, source := range sources(t, data) {
			c, m := newMemoryClient(1000, 4, 8)
			var last Progress
			file := mustUpload(t, c, m, source(), data, WithSHA256(), WithProgress(func(p Progress) { last = p }))
			if file.SHA256 != digestOf(data) {
				t.Errorf("%s of %d bytes: %q, want %s", name, size, file.SHA256, digestOf(data))
			}
			if last.Confirmed != int64(size) {
				t.Errorf("%s of %d bytes: progress ended at %+v", name, size, last)
			}
			if file := mustUpload(t, c, m, source(), data); file.SHA256 != "" {
				t.Errorf("%s: a digest that nobody asked for: %q", name, file.SHA256)
			}
		}
	}
}

// A resumed upload has the digest of the whole source, also if nothing was missing.
func TestWithSHA256AfterResume(t *testing.T) {
	t.Parallel()
	data := content(5500)
	for name, source := range sources(t, data) {
		for _, keep := range [][]int64{{}, {1, 3}, {0, 1, 2, 3, 4, 5}} {
			c, m := newMemoryClient(1000, 2, 8)
			use := source()
			cp := interrupted(t, c, m, use, keep[:min(len(keep), 2)]...)
			if name == "Reader" || name == "Stream" {
				use = source() // the next process reads it anew
			}
			for _, index := range keep {
				m.done[index] = true
				m.parts[index] = data[index*1000 : min(len(data), int(index+1)*1000)]
			}
			file, err := c.Resume(t.Context(), cp, use, WithSHA256())
			if err != nil || file.SHA256 != digestOf(data) {
				t.Errorf("%s with %v: %+v, %v; want %s", name, keep, file, err, digestOf(data))
			}
		}
	}
}

// Whatever happens to the source, no file comes into being that has another digest than
// Upload would return, and nothing goes on after Upload has returned.
func TestWithSHA256OfChangingSources(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, 100) },
		"written to": func(path string) error {
			return errors.Join(os.WriteFile(path, make([]byte, 5000), 0o600), os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
		},
	} {
		path := writeTemp(t, content(5000))
		c, m := newMemoryClient(1000, 1, 2)
		m.fail = func(op string, _ int64, nth int) error {
			if op == operation.PutPart && nth == 3 {
				must(t, change(path))
			}
			return nil
		}
		if _, err := c.Upload(t.Context(), File(path), WithSHA256()); !errors.Is(err, ErrSourceChanged) && !errors.Is(err, ErrSourceSize) {
			t.Errorf("%s: %v, want an error about the source", name, err)
		}
		if m.exists() {
			t.Errorf("%s: the file came into being", name)
		}
	}

	c, m := newMemoryClient(1000, 1, 2)
	ctx, cancel := context.WithCancel(t.Context())
	m.fail = func(op string, _ int64, nth int) error {
		if op == operation.PutPart && nth == 2 {
			cancel()
		}
		return nil
	}
	if _, err := c.Upload(ctx, Bytes(content(5000)), WithSHA256()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestWithExpectedSHA256(t *testing.T) {
	t.Parallel()
	data := content(100_000)
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	})
	read := func(opts ...DownloadOption) ([]byte, error) {
		download, err := c.Download(t.Context(), "/a", opts...)
		if err != nil {
			return nil, err
		}
		defer download.Close()
		return io.ReadAll(download)
	}
	for _, digest := range []string{digestOf(data), strings.ToUpper(digestOf(data))} {
		option := WithExpectedSHA256(digest)
		for range 2 { // an option may be used again
			if got, err := read(option); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes, %v", digest, len(got), err)
			}
		}
	}
	if _, err := read(WithExpectedSHA256(digestOf(nil))); !errors.Is(err, ErrDigest) || !strings.Contains(err.Error(), digestOf(data)) {
		t.Errorf("another digest: %v, want ErrDigest with both", err)
	}
	for _, digest := range []string{"", "ab", strings.Repeat("x", 64), digestOf(nil) + "00"} {
		_, err := read(WithExpectedSHA256(digest))
		wantArgumentError(t, err, "expectedSHA256")
	}
	_, err := read(WithExpectedSHA256(digestOf(data)), WithRange(1, 2))
	wantArgumentError(t, err, "expectedSHA256")
}
