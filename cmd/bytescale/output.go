package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	bytescale "github.com/c88edac7/bytescale-go"
)

// printer writes results to standard output, one line per file.
type printer struct {
	out    io.Writer
	json   bool
	around func(print func()) // hides the progress bar while print runs

	mu  sync.Mutex
	err error // the first error of printing
}

// uploaded is the JSON form of a result.
type uploaded struct {
	Source string `json:"source"` // as the user named it
	*bytescale.FileDetails
	SHA256 string `json:"sha256,omitempty"` // set if both sides were compared
}

// result prints one stored file. sum is the SHA-256 of both sides, "" if they were
// not compared.
func (p *printer) result(source string, file *bytescale.FileDetails, sum string) {
	line := shown(file.FileURL)
	if p.json {
		line = jsonLine(uploaded{Source: source, FileDetails: file, SHA256: sum})
	}
	p.around(func() { p.line(line) })
}

func (p *printer) line(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintln(p.out, line); err != nil && p.err == nil {
		p.err = err
	}
}

// jsonLine returns value as JSON on one line. Encoding does not fail, because the
// values are our own structs with content that was decoded from JSON.
func jsonLine(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf(`{"error":%q}`, err.Error())
	}
	return string(text)
}
