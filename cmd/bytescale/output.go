package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

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
}

// result prints one stored file.
func (p *printer) result(source string, file *bytescale.FileDetails) {
	line := shown(file.FileURL)
	if p.json {
		line = jsonLine(uploaded{Source: source, FileDetails: file})
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

// printLine prints a line of a result.
func printLine(out io.Writer, line string) error {
	_, err := fmt.Fprintln(out, line)
	return err
}

// isPrintable reports whether r may be printed. It decides for everything that the command
// prints: file names and answers of a server may contain line breaks, codes that a
// terminal would act on, and characters that change the order of others.
func isPrintable(r rune) bool {
	return !unicode.IsControl(r) && r != '\u2028' && r != '\u2029' && !unicode.Is(unicode.Bidi_Control, r)
}

// shown returns text that is safe to print on one line. What is not printable, or not
// UTF-8, is replaced.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if !isPrintable(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// maxError is the maximum number of characters of an error. A server can send longer ones.
const maxError = 1000

// shortened cuts text that is longer than maxError.
func shortened(text string) string {
	characters := 0
	for i := range text {
		if characters == maxError {
			return text[:i] + "…"
		}
		characters++
	}
	return text
}

// jsonLine returns value as JSON on one line. What is not printable is escaped. Encoding
// does not fail, because the values are our own structs with content that was decoded from
// JSON.
func jsonLine(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf(`{"error":%q}`, err.Error())
	}
	var line strings.Builder
	for _, r := range string(text) {
		if isPrintable(r) {
			line.WriteRune(r)
		} else {
			fmt.Fprintf(&line, `\u%04x`, r) // it is inside a string, and none needs two of them
		}
	}
	return line.String()
}
