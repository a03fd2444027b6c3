package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

// lineWriter writes lines of many goroutines whole.
type lineWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lineWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(line)
}

// logExchange writes one line for a request: when it ended, what was asked and
// answered, the bytes of both bodies, how long it took, and the error code.
// Exchanges hold no header and no query string, hence no secret.
func (l *lineWriter) logExchange(x fake.Exchange) {
	status := fmt.Sprint(x.Status)
	if x.Status == 0 {
		status = "cut"
	}
	l.log(x.End, x.Method, x.Path, fmt.Sprintf("%s in=%d out=%d %v", status, x.BytesIn, x.BytesOut,
		x.End.Sub(x.Start).Round(100*time.Microsecond)), x.Code)
}

// logAnswer writes the line of a request that never reached the service.
func (l *lineWriter) logAnswer(r *http.Request, status int, code string) {
	l.log(time.Now(), r.Method, r.URL.EscapedPath(), fmt.Sprint(status), code)
}

func (l *lineWriter) log(at time.Time, method, path, answer, code string) {
	if code != "" {
		code = " " + code
	}
	fmt.Fprintf(l, "%s %s %s %s%s\n", at.UTC().Format("2006-01-02T15:04:05.000Z"), method, shown(path), answer, code)
}
