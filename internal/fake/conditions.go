package fake

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// notModified reports whether a client that has a copy of the file need not get it
// again (RFC 9110, 13.2.2): If-None-Match names its etag, or there is none and it was
// not changed after If-Modified-Since.
func notModified(header http.Header, file *store.File) bool {
	if tags := header.Get("If-None-Match"); tags != "" {
		for tag := range strings.SplitSeq(tags, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == quoted(file.ETag) {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(header.Get("If-Modified-Since"))
	return err == nil && !file.LastModified.Truncate(time.Second).After(since)
}

// rangeApplies reports whether a Range is to be used: there is no If-Range, or it names
// the file as it is now. Otherwise a client that continues a download would get a piece
// of another file.
func rangeApplies(header http.Header, file *store.File) bool {
	values := header.Values("If-Range")
	if len(values) == 0 || values[0] == quoted(file.ETag) {
		return true
	}
	at, err := http.ParseTime(values[0])
	return err == nil && at.Equal(file.LastModified.Truncate(time.Second))
}

func quoted(etag string) string { return `"` + etag + `"` }

// byteRange is the part of a file that a download returns.
type byteRange struct {
	start, length int64
	partial       bool
}

func (b byteRange) contentRange(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", b.start, b.start+b.length-1, size)
}

// parseRange reads a Range header. It ignores anything but one range of bytes, as
// HTTP allows, and returns the whole file.
func parseRange(values []string, size int64) (byteRange, error) {
	whole := byteRange{length: size}
	if len(values) != 1 {
		return whole, nil
	}
	spec, ok := strings.CutPrefix(values[0], "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return whole, nil
	}
	if first == "" { // the last n bytes
		n, err := strconv.ParseUint(last, 10, 63)
		switch {
		case err != nil:
			return whole, nil //nolint:nilerr // a range that is not one is ignored
		case n == 0 || size == 0:
			return byteRange{}, &refusal.Error{Code: refusal.RangeNotSatisfiable}
		}
		length := min(int64(n), size)
		return byteRange{start: size - length, length: length, partial: true}, nil
	}
	start, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return whole, nil //nolint:nilerr // a range that is not one is ignored
	}
	end := uint64(max(size-1, 0))
	if last != "" {
		given, err := strconv.ParseUint(last, 10, 63)
		if err != nil || given < start {
			return whole, nil //nolint:nilerr // a range that is not one is ignored
		}
		end = min(end, given)
	}
	if int64(start) >= size {
		return byteRange{}, &refusal.Error{Code: refusal.RangeNotSatisfiable}
	}
	return byteRange{start: int64(start), length: int64(end-start) + 1, partial: true}, nil
}
