package emulator

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

// requestLog counts the requests and writes one line for each: when it ended, what
// was asked and answered, the bytes of both bodies, how long it took, and the error
// code. It writes no header and no query string, because these may hold secrets. Each
// line is one Write. A path is written as it is escaped, so that it is printable ASCII.
type requestLog struct {
	out    io.Writer // nil: no lines
	counts *counts   // nil: nothing is counted
}

// exchange writes the line of a request that the service answered.
func (l requestLog) exchange(x fake.Exchange) {
	l.counts.exchange(x)
	l.line(x.End, x.Method, x.Path, fmt.Sprintf("%s in=%d out=%d %v", statusText(x.Status), x.BytesIn, x.BytesOut,
		x.End.Sub(x.Start).Round(100*time.Microsecond)), x.Code)
}

// answered writes the line of a request that the service did not answer.
func (l requestLog) answered(r *http.Request, status int, code string) {
	l.counts.answered(status)
	l.line(time.Now(), r.Method, r.URL.EscapedPath(), statusText(status), code)
}

func (l requestLog) line(at time.Time, method, path, answer, code string) {
	if l.out == nil {
		return
	}
	if code != "" {
		code = " " + code
	}
	fmt.Fprintf(l.out, "%s %s %s %s%s\n", at.UTC().Format("2006-01-02T15:04:05.000Z"), method, path, answer, code)
}
