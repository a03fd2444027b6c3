package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
)

func TestMIME(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, test := range []struct{ name, content, want string }{
		{"photo.png", png, "image/png"},
		{"photo.txt", png, "text/plain; charset=utf-8"}, // the extension counts more than the content
		{"photo", png, "image/png"},
		{"photo.20261122", png, "image/png"},
		{"notes.txt", "hello", "text/plain; charset=utf-8"},
		{"notes", "hello", "text/plain; charset=utf-8"},
		{"style.CSS", "body {}", "text/css; charset=utf-8"},
		{"table.csv", "a,b", "text/csv; charset=utf-8"},
		{"data.json", `{"a": 1}`, "application/json"},
		{"letter.DOCX", "PK\x05\x06" + strings.Repeat("\x00", 18), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"noise", "\x00\x01\x02\x03", ""},
		{"empty", "", ""},
		{"empty.html", "", "text/html; charset=utf-8"},
	} {
		got, err := fileMIME(test.name, strings.NewReader(test.content))
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

// The table has types that the service accepts.
func TestMIMETable(t *testing.T) {
	pattern := regexp.MustCompile(`^[a-zA-Z0-9]+/[a-zA-Z0-9+\-._]+(?:;[^=]+=[^;]+)*$`)
	for extension, mime := range extensions {
		if !pattern.MatchString(mime) || extension != strings.ToLower(extension) || extension[0] != '.' {
			t.Errorf("%s: %s", extension, mime)
		}
	}
}

// A file whose extension is known is not read.
func TestMIMEUnread(t *testing.T) {
	if got, err := fileMIME("file.mp4", nil); got != "video/mp4" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	unreadable := io.NewSectionReader(nil, 0, 0)
	if got, err := fileMIME("file", unreadable); got != "" || err != nil {
		t.Errorf("an empty file: %q, %v", got, err)
	}
}
