package emulator

import (
	"io"
	"net/http"
	"time"
)

// Limits of a connection. The time of a whole request is not limited, because
// uploads take as long as they take. Bytes must keep coming.
const (
	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
	silenceTime = time.Minute // the longest wait for the next bytes of a body
	headerBytes = 32 << 10
)

// withDeadlines ends connections whose client stopped sending or reading bytes.
// net/http lifts the limits at the end of a body and of an answer.
func withDeadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &deadlineBody{ReadCloser: r.Body, control: control}
		}
		next.ServeHTTP(&deadlineWriter{ResponseWriter: w, control: control}, r)
		// net/http writes what is still buffered after the handler returns.
		_ = control.SetWriteDeadline(time.Now().Add(silenceTime))
	})
}

// deadlineBody is a request body each read of which has a time limit.
type deadlineBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *deadlineBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(silenceTime))
	return b.ReadCloser.Read(p)
}

// deadlineWriter is an answer each write of which has a time limit.
type deadlineWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w *deadlineWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(silenceTime))
	return w.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] through.
func (w *deadlineWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
