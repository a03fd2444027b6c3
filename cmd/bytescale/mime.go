package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// mimeHead is how much of a file is looked at to tell what it is.
const mimeHead = 4096

// fileMIME guesses what the file holds; "" when nothing can be said.
func fileMIME(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, mimeHead)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", err
	}
	return contentMIME(head[:n], path), nil
}

// readerMIME guesses from the head of r, which it leaves as it was.
func readerMIME(r io.ReaderAt) (string, error) {
	head := make([]byte, mimeHead)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	return contentMIME(head[:n], ""), nil
}

// contentMIME guesses from the first bytes and, where these only say "text",
// "zip" or nothing, from the name's extension. The extensions are our own: what
// the mime package knows differs from host to host, and the same file must get
// the same type everywhere.
func contentMIME(head []byte, name string) string {
	if len(head) == 0 {
		return extensions[extension(name)]
	}
	found := mimetype.Detect(head)
	guess := found.String()
	if generic[strings.SplitN(guess, ";", 2)[0]] {
		if byName := extensions[extension(name)]; byName != "" {
			return byName
		}
	}
	if found.Is("application/octet-stream") {
		return "" // what the service stores for a file of no type
	}
	return guess
}

func extension(name string) string { return strings.ToLower(filepath.Ext(name)) }

// generic are the types that say how a file is packed rather than what it is.
var generic = map[string]bool{
	"application/gzip":          true,
	"application/json":          true,
	"application/octet-stream":  true,
	"application/x-ole-storage": true,
	"application/zip":           true,
	"text/html":                 true,
	"text/plain":                true,
	"text/xml":                  true,
}

// extensions are the types that content alone cannot tell.
var extensions = map[string]string{
	".apk":         "application/vnd.android.package-archive",
	".avif":        "image/avif",
	".bin":         "application/octet-stream",
	".css":         "text/css; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".doc":         "application/msword",
	".docx":        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".epub":        "application/epub+zip",
	".geojson":     "application/geo+json",
	".gz":          "application/gzip",
	".heic":        "image/heic",
	".htm":         "text/html; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/vnd.microsoft.icon",
	".ics":         "text/calendar; charset=utf-8",
	".jar":         "application/java-archive",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".jsonl":       "application/jsonl",
	".m3u8":        "application/vnd.apple.mpegurl",
	".md":          "text/markdown; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".mp3":         "audio/mpeg",
	".mp4":         "video/mp4",
	".mpd":         "application/dash+xml",
	".odp":         "application/vnd.oasis.opendocument.presentation",
	".ods":         "application/vnd.oasis.opendocument.spreadsheet",
	".odt":         "application/vnd.oasis.opendocument.text",
	".otf":         "font/otf",
	".ppt":         "application/vnd.ms-powerpoint",
	".pptx":        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".rss":         "application/rss+xml",
	".srt":         "application/x-subrip",
	".svg":         "image/svg+xml",
	".toml":        "application/toml",
	".ts":          "text/plain; charset=utf-8",
	".tsv":         "text/tab-separated-values; charset=utf-8",
	".ttf":         "font/ttf",
	".txt":         "text/plain; charset=utf-8",
	".vtt":         "text/vtt; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xhtml":       "application/xhtml+xml",
	".xls":         "application/vnd.ms-excel",
	".xlsx":        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".xml":         "application/xml",
	".yaml":        "application/yaml",
	".yml":         "application/yaml",
	".zip":         "application/zip",
}
