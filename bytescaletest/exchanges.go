package bytescaletest

import (
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// Exchange is one request and its answer. It holds no secrets: no headers, no
// query strings, no bodies.
type Exchange struct {
	// Operation is the operationId of the API description, or [fault.PutPart]. It is
	// empty if the request was for none of these.
	Operation string
	// Method is the HTTP method.
	Method string
	// Path is the path of the request's URL, escaped as it was sent.
	Path string
	// UploadID is the upload that the request is about or that it began. It is empty if
	// there is none.
	UploadID string
	// Part is the index of the part, or -1 if the operation has none.
	Part int64
	// Attempt counts the exchanges with the same operation, upload and part,
	// from 1.
	Attempt int
	// Status is the HTTP status of the answer. It is 0 if the connection was cut or if
	// there is no answer yet.
	Status int
	// Code is the error code of the answer. It is empty if the answer has none.
	Code string
	// BytesIn and BytesOut are the numbers of bytes that were read of the request body
	// and written of the answer's.
	BytesIn, BytesOut int64
	// Start is the time when the header of the request had arrived.
	Start time.Time
	// End is the time when the answer was written. It is zero if the request is still
	// open.
	End time.Time
	// Fault is the kind of the scripted fault that hit the request. It is empty if none
	// did.
	Fault fault.Kind
	// Violations are the rules of the API that the request broke.
	Violations []string
}

// Exchanges lists the requests so far in the order in which they arrived, including
// those that are still open.
func (s *Server) Exchanges() []Exchange {
	recorded := s.core.Exchanges()
	exchanges := make([]Exchange, len(recorded))
	for i, x := range recorded {
		exchanges[i] = Exchange(x)
	}
	return exchanges
}

// Violations lists the rules of the API that requests broke so far, one sentence each:
// a body that does not match the API description, a part with the wrong length, a
// credential that was sent to storage, and so on. It stays empty on a [WithLenient]
// server.
func (s *Server) Violations() []string { return s.core.Violations() }

// InFlight returns the number of requests that are open now. Requests that a scripted
// stall holds do not count, because a server cannot notice that a client left while it
// does not read.
func (s *Server) InFlight() int { return s.core.Stats().Open() }

// Stats counts the requests of a server.
type Stats struct {
	// API is the number of open API calls. MaxAPI is its maximum so far.
	API, MaxAPI int
	// Puts is the number of open PUTs of parts. MaxPuts is its maximum so far.
	Puts, MaxPuts int
	// Downloads is the number of open downloads. MaxDownloads is its maximum so far.
	Downloads, MaxDownloads int
	// MaxAPIPerSecond is the largest number of API calls that arrived within one second.
	MaxAPIPerSecond int
}

// Stats returns the number of open requests and its maxima so far. It is for tests of
// limits.
func (s *Server) Stats() Stats { return Stats(s.core.Stats()) }
