package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	pageSize  = 1000      // files in a page of the list
	accountID = "A623uY2" // that of the API key that the bench uses
)

// stored are the files that the stub has.
type stored struct {
	root  *os.Root
	pages [][]byte // of the list, encoded beforehand
}

// newStored stores the files of a directory. They count as uploaded now.
func newStored(dir, origin string) (s stored, err error) {
	if s.root, err = os.OpenRoot(dir); err != nil {
		return s, err
	}
	now := decimal(time.Now().UnixMilli())
	var page []byte
	count := 0
	err = fs.WalkDir(s.root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if count > 0 && count%pageSize == 0 {
			s.pages = append(s.pages, endPage(page, decimal(int64(len(s.pages)+1))))
			page = nil
		}
		count++
		page = append(page, `,{"filePath":"/bench/`+path+`","fileUrl":"`+origin+`/`+accountID+`/raw/bench/`+path+
			`","lastModified":`+now+`,"size":`+decimal(info.Size())+`,"type":"File"}`...)
		return nil
	})
	s.pages = append(s.pages, endPage(page, ""))
	return s, err
}

// endPage returns a page with its items. Without a cursor it is the last one.
func endPage(items []byte, cursor string) []byte {
	if len(items) > 0 {
		items = items[1:] // the comma before the first
	}
	return fmt.Appendf(nil, `{"cursor":%q,"folder":{"folderPath":"/bench","settings":{},"type":"Folder","virtual":false},`+
		`"isPaginationComplete":%t,"items":[%s]}`, cursor, cursor == "", items)
}

// list returns the page whose number is the cursor.
func (s stored) list(r *request) answer {
	query, err := url.ParseQuery(r.query)
	if err != nil {
		return refuse("query")
	}
	page := 0
	if cursor := query.Get("cursor"); cursor != "" {
		if page, err = strconv.Atoi(cursor); err != nil {
			return refuse("cursor")
		}
	}
	if page < 0 || page >= len(s.pages) {
		return refuse("cursor")
	}
	return answer{status: http.StatusOK, json: s.pages[page]}
}

// get returns a file, or the range that was asked for. It needs no conditions, because no
// file ever changes.
func (s stored) get(r *request, name string) answer {
	if s.root == nil {
		return answer{status: http.StatusNotFound}
	}
	file, err := s.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return answer{status: http.StatusNotFound}
	}
	if err != nil {
		return refuse(err.Error())
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return refuse(err.Error())
	}
	a := answer{
		status: http.StatusOK, file: file, length: info.Size(),
		header: "Content-Type: application/octet-stream\r\nETag: \"9b2cf535f27731c974343645a3985328\"\r\n",
	}
	if r.span == "" {
		return a
	}
	start, end, found := parseRange(r.span, info.Size())
	if _, err = file.Seek(start, io.SeekStart); err != nil || !found {
		file.Close()
		return answer{status: http.StatusRequestedRangeNotSatisfiable, header: "Content-Range: bytes */" + decimal(info.Size()) + "\r\n"}
	}
	a.status, a.length = http.StatusPartialContent, end-start
	a.header += "Content-Range: bytes " + decimal(start) + "-" + decimal(end-1) + "/" + decimal(info.Size()) + "\r\n"
	return a
}

// parseRange returns the bytes of a file that a Range header asks for, from start up to
// end. It knows "bytes=0-99" and "bytes=100-".
func parseRange(header string, size int64) (start, end int64, found bool) {
	from, to, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	last := int64(math.MaxInt64 - 1)
	start, err := strconv.ParseInt(from, 10, 64)
	if err == nil && to != "" {
		last, err = strconv.ParseInt(to, 10, 64)
	}
	return start, min(last+1, size), err == nil && 0 <= start && start <= last && start < size
}
